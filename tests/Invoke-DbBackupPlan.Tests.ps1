BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    $WarningPreference = 'SilentlyContinue'
}

AfterAll {
    Pop-Location
}

Describe 'Invoke-DbBackupPlan' {
    It 'says what it would do with -WhatIf, and touches nothing' {
        Invoke-DbBackupPlan nightly -WhatIf | Should -BeNullOrEmpty
        $vault.Local | Should -Not -Exist
    }

    It 'runs a plan by parameter: backups are encrypted, proven, and in every place' {
        $runs = Invoke-DbBackupPlan -Plan nightly
        "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
        $runs.Job | Select-Object -Unique | Should -Be nightly
        $runs.Steps.Step | Should -Contain Prove
        foreach ($place in 'local', 'offsite') {
            $stored = Get-DbBackup -Place $place
            $stored.Database | Sort-Object | Should -Be auth, trading
            "$($stored.Kind | Select-Object -Unique)" | Should -Be Plan
            $stored.Encrypted | Should -Be $true, $true
            "$($stored.Proof.How)" | Should -Be 'Integrity Integrity'
        }
    }

    It 'runs a plan by pipeline value' {
        @('nightly' | Invoke-DbBackupPlan).Count | Should -Be 2
    }

    It 'runs a plan for some of its databases' {
        $runs = Invoke-DbBackupPlan nightly -Database trading
        "$($runs.Outcome)" | Should -Be Succeeded
        $runs.Source | Should -Be trading
        { Invoke-DbBackupPlan nightly -Database nobody } | Should -Throw '*has no database ''nobody''*auth, trading*'
    }

    It 'runs piped plans' {
        $runs = (Get-DbSyncConfig).BackupPlans | Where-Object Name -EQ nightly | Invoke-DbBackupPlan
        "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
    }

    It 'removes what has expired by the plan''s rule, in every place' {
        $old = Get-DbBackup auth | Sort-Object Created | Select-Object -First 2
        $old.Place | Sort-Object | Should -Be local, offsite
        $old | ForEach-Object { Set-BackupAge $_ 10 }
        Invoke-DbBackupPlan nightly | Out-Null
        $old.Path | Should -Not -Exist
    }

    It 'goes on where a database fails, and writes one error for it' {
        $runs = Invoke-DbBackupPlan faulty -ErrorAction SilentlyContinue -ErrorVariable errors
        ($runs | Where-Object Success).Source | Should -Be trading
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.DatabaseMissing,BackupSync.Module.Commands.InvokeDbBackupPlanCommand'
    }

    It 'runs for a scheduler, and tells by the exit code' {
        (Invoke-Unattended $vault.Folder 'Invoke-DbBackupPlan nightly').ExitCode | Should -Be 0
        (Invoke-Unattended $vault.Folder 'Invoke-DbBackupPlan faulty').ExitCode | Should -Be 1
    }

    It 'shows a table with the plan' {
        Get-DbSyncHistory -Directory (Join-Path $vault.Local auth) -Last 1 | Format-Table -View Wide | Out-String -Width 200 |
            Should -Match 'Backup\s+nightly\s+auth\s+Succeeded'
        (Get-DbSyncConfig).BackupPlans | Format-Table -View Wide | Out-String -Width 200 |
            Should -Match '(?s)Name\s+Databases\s+Places.*nightly\s+auth, trading\s+local, offsite.*Integrity\s+7 days'
    }

    It 'asks for a name where there are several, and names the nearest' {
        { Invoke-DbBackupPlan } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage '*nightly, faulty*'
        { Invoke-DbBackupPlan nighlty } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'nightly'?"
    }
}
