BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    Export-DbArchive auth ./auth.dump | Out-Null
    Export-DbArchive auth ./auth.dump.enc | Out-Null

    function Get-Tables {
        Invoke-TestSql $vault.Copy "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    }
}

AfterAll {
    Pop-Location
}

Describe 'Import-DbArchive' {
    BeforeEach {
        Invoke-TestSql $vault.Copy 'DROP TABLE IF EXISTS orders, users'
    }

    It 'writes every step with -WhatIf, and touches nothing' {
        $steps = Import-DbArchive ./auth.dump -To auth_copy -WhatIf
        $steps.Step | Should -Contain Restore
        Get-Tables | Should -Be 0
    }

    It 'brings <File> in by position' -ForEach @{ File = './auth.dump' }, @{ File = './auth.dump.enc' } {
        $run = Import-DbArchive $File -To auth_copy -Confirm:$false
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Restore Succeeded'
        Invoke-TestSql $vault.Copy 'SELECT count(*) FROM users' | Should -Be 300
    }

    It 'takes the file by pipeline value and as an object' {
        "$(('./auth.dump' | Import-DbArchive -To auth_copy -Confirm:$false).Outcome)" | Should -Be Succeeded
        "$((Get-Item ./auth.dump | Import-DbArchive -To auth_copy -Confirm:$false).Outcome)" | Should -Be Succeeded
    }

    It 'refuses a production database without -AllowProduction' {
        { Import-DbArchive ./auth.dump -To auth -Confirm:$false } | Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*' -ExpectedMessage '*production*'
        $Error[0].ErrorDetails.RecommendedAction | Should -BeLike '*-AllowProduction*'
        "$((Import-DbArchive ./auth.dump -To auth -AllowProduction -Confirm:$false).Outcome)" | Should -Be Succeeded
    }

    It 'refuses a damaged file before the target is touched' {
        New-Item -ItemType Directory ./damaged | Out-Null
        Copy-Item ./auth.dump, ./auth.dump.json ./damaged
        Set-FlippedBit "$PWD/damaged/auth.dump"
        $run = Import-DbArchive ./damaged/auth.dump -To auth_copy -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($run.Outcome)" | Should -Be Aborted
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.BackupInvalid,BackupSync.Module.Commands.ImportDbArchiveCommand'
        Get-Tables | Should -Be 0
    }

    It 'refuses a file without a manifest, and one that is not there' {
        Set-Content ./other.dump 'something'
        { Import-DbArchive ./other.dump -To auth_copy -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.BackupInvalid,*' -ExpectedMessage '*manifest*'
        { Import-DbArchive ./nowhere.dump -To auth_copy -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*'
    }

    It 'refuses production where nobody can confirm, and needs nobody for others' {
        $run = Invoke-Unattended $vault.Folder 'Import-DbArchive ./auth.dump -To auth -AllowProduction'
        $run.ExitCode | Should -Be 1
        $run.Output | Should -BeLike '*-Confirm:$false*'
        (Invoke-Unattended $vault.Folder 'Import-DbArchive ./auth.dump -To auth_copy').ExitCode | Should -Be 0
        Get-Tables | Should -Be 2
    }
}
