BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault')
    Push-Location $vault.Folder
    $WarningPreference = 'SilentlyContinue'
}

AfterAll {
    Pop-Location
}

Describe 'Remove-DbBackup' {
    BeforeEach {
        Remove-Item $vault.Local, $vault.Offsite -Recurse -ErrorAction Ignore
        $old = (Invoke-DbBackupPlan nightly).SourceBackup
        $new = (Invoke-DbBackupPlan nightly).SourceBackup
        Get-DbBackup | Where-Object RunId -In $old.RunId | ForEach-Object { Set-BackupAge $_ 10 }
        $oldOfAuth = Get-DbBackup auth -Place local | Select-Object -Last 1
    }

    It 'removes by parameter what no rule keeps, with its manifest, and writes what it did' {
        $run = Remove-DbBackup -InputObject $oldOfAuth -Confirm:$false
        "$($run.Kind) $($run.Outcome) $($run.Verdict)" | Should -Be 'Remove Succeeded removed'
        $oldOfAuth.Path, "$($oldOfAuth.Path).json" | Should -Not -Exist
        @(Get-DbBackup auth -Place offsite).Count | Should -Be 2
        $run | Out-String -Width 79 | Should -Match 'auth .*removed'
    }

    It 'removes nothing with -WhatIf' {
        Remove-DbBackup -Path $oldOfAuth.Path -WhatIf | Should -BeNullOrEmpty
        $oldOfAuth.Path | Should -Exist
    }

    It 'removes piped backups and goes on where a rule keeps one, saying which' {
        $runs = Get-DbBackup -Place local | Remove-DbBackup -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
        @($runs).Count | Should -Be 2
        $errors.Count | Should -Be 2
        $errors.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'BackupSync.BackupProtected,BackupSync.Module.Commands.RemoveDbBackupCommand'
        $errors.TargetObject | Sort-Object | Should -Be ($new.Path | Sort-Object)
        "$($errors[0])" | Should -BeLike '*is kept: the newest backup of * by the plan nightly.'
        $errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Force.'
        (Get-DbBackup -Place local).Sha256 | Sort-Object | Should -Be ($new.Sha256 | Sort-Object)
    }

    It 'removes by name what restore would take, only with -Force' {
        $newest = Get-DbBackup auth -Latest
        Remove-DbBackup auth -Latest -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors[0].TargetObject | Should -Be $newest.Path
        $newest.Path | Should -Exist
        (Remove-DbBackup auth -Latest -Force -Confirm:$false).SourceBackup.Path | Should -Be $newest.Path
        $newest.Path | Should -Not -Exist
    }

    It 'does not ask for the one to be removed where nobody can answer, nor with -Force' {
        $code = "Remove-DbBackup -Path '$($oldOfAuth.Path)' -Force"
        $output = Invoke-Unattended $vault.Folder $code
        "$output" | Should -BeLike '*needs to be confirmed*-Confirm:$false*'
        "$output" | Should -Not -BeLike '*shrink guard*'
        $oldOfAuth.Path | Should -Exist
    }

    It 'asks which are meant' {
        { Remove-DbBackup auth } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage 'Say which backups are meant*'
    }
}
