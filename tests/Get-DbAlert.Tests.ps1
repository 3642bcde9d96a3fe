BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $alerts = New-TestAlert (Join-Path $TestDrive 'alerts')
    Push-Location $alerts.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbAlert' {
    It 'lists nothing where nothing has failed' {
        Get-DbAlert | Should -BeNullOrEmpty
    }

    It 'makes one alert of many failures, and tells what to do' {
        1..2 | ForEach-Object { Invoke-DbSync copy -Confirm:$false -ErrorAction SilentlyContinue | Out-Null }
        $alert = Get-DbAlert
        $alert.Key | Should -Be 'copy/failed/ConnectionFailed'
        "$($alert.State) $($alert.Severity) $($alert.Kind) $($alert.Count)" | Should -Be 'Open Error Failed 2'
        $alert.Headline | Should -BeLike 'copy: the sync of first to second failed, and nothing was changed.*'
        $alert.Advice | Should -Not -BeNullOrEmpty
        @(Get-Content $alerts.Received | ConvertFrom-Json).type | Should -Be 'backupsync.alert.raised'
    }

    It 'gives the same as the command line prints' {
        $json = Get-DbAlert | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json
        $json.Key | Should -Be 'copy/failed/ConnectionFailed'
        $json.PSObject.Properties.Name | Should -Contain Waiting
    }

    It 'lists what is over where that is asked for' {
        Get-DbAlert -All | Should -HaveCount 1
    }

    It 'takes the configuration that is named' {
        (Get-DbAlert -Config $alerts.Config).Count | Should -Be 2
    }
}
