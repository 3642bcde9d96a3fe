BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $alerts = New-TestAlert (Join-Path $TestDrive 'alerts')
    Push-Location $alerts.Folder
    Invoke-DbSync copy -Confirm:$false -ErrorAction SilentlyContinue | Out-Null
}

AfterAll {
    Pop-Location
}

Describe 'Confirm-DbAlert' {
    It 'does nothing with -WhatIf' {
        Confirm-DbAlert copy/failed/ConnectionFailed -WhatIf
        "$((Get-DbAlert).State)" | Should -Be Open
    }

    It 'acknowledges what comes by the pipeline, in the name of this user' {
        $alert = Get-DbAlert | Confirm-DbAlert
        "$($alert.State)" | Should -Be Acknowledged
        $alert.AcknowledgedBy | Should -Be ([Environment]::UserName)
    }

    It 'keeps the name that is said, and takes the code of a message' {
        (Confirm-DbAlert (Get-DbAlert).Code -By ana).AcknowledgedBy | Should -Be ana
    }

    It 'tells of a key that no alert has, and goes on' {
        $result = 'copy/faild', 'copy/failed/ConnectionFailed' | Confirm-DbAlert -ErrorAction SilentlyContinue -ErrorVariable failed
        $result.Key | Should -Be 'copy/failed/ConnectionFailed'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.UnknownName,*'
        $failed[0].TargetObject | Should -Be 'copy/faild'
    }
}
