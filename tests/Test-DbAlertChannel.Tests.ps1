BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $alerts = New-TestAlert (Join-Path $TestDrive 'alerts')
    Push-Location $alerts.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Test-DbAlertChannel' {
    It 'tells of each channel whether it has accepted a test' {
        $results = Test-DbAlertChannel -ErrorAction SilentlyContinue -ErrorVariable failed
        $results.Name | Should -Be program, broken
        $results.Accepted | Should -Be $true, $false
        $results.Kind | Should -Be command, command
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.AlertFailed,*'
        $failed[0].TargetObject | Should -Be broken
        (Get-Content $alerts.Received | ConvertFrom-Json).type | Should -Contain 'backupsync.alert.test'
    }

    It 'tests those that are named, by parameter and by pipeline' {
        (Test-DbAlertChannel program).Name | Should -Be program
        ('program' | Test-DbAlertChannel).Accepted | Should -BeTrue
        ((Get-DbSyncConfig).Alerts.Channels | Where-Object Name -eq program | Test-DbAlertChannel).Name | Should -Be program
    }

    It 'answers yes or no' {
        Test-DbAlertChannel -Quiet -ErrorAction Stop | Should -Be $true, $false
    }

    It 'tells of a channel that there is not, and goes on' {
        $result = Test-DbAlertChannel progam, program -ErrorAction SilentlyContinue -ErrorVariable failed
        $result.Name | Should -Be program
        $failed[0].TargetObject | Should -Be progam
        "$($failed[0])" | Should -BeLike "*Did you mean 'program'?*"
    }
}
