BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    $store = Get-CoreType Backups.ManifestStore

    # As releases before signatures have left it: the HMAC's key was PBKDF2's own.
    function Remove-Signature($Backup) {
        $manifest = $store::Read($Backup.Path)
        $encryption = $manifest.Encryption
        $encryption.Signed = $false
        $sha256 = [Security.Cryptography.HashAlgorithmName]::SHA256
        $salt = [Convert]::FromHexString($encryption.MacSalt)
        $key = [Security.Cryptography.Rfc2898DeriveBytes]::Pbkdf2('correct horse battery staple', $salt, $encryption.Iterations, $sha256, 32)
        $encryption.Hmac = Get-Hmac $key $Backup.Path
        foreach ($companion in $manifest.Companions) {
            $companion.Hmac = Get-Hmac $key (Join-Path (Split-Path $Backup.Path) $companion.File)
        }
        $store::Write($Backup.Path, $manifest)
    }

    function Get-Hmac($Key, $Path) {
        [Convert]::ToHexString([Security.Cryptography.HMACSHA256]::HashData($Key, [IO.File]::ReadAllBytes($Path))).ToLowerInvariant()
    }
}

AfterAll {
    Pop-Location
}

Describe 'Set-DbBackupSignature' {
    BeforeEach {
        $backup = (New-DbBackup auth).SourceBackup
        Remove-Signature $backup
    }

    It 'is what a backup without a signature wants, and is told so' {
        $listed = Get-DbBackup auth | Where-Object Path -EQ $backup.Path
        $listed.NotAuthenticated | Should -BeLike '*has no signature*'
        $listed | Out-String -Width 250 | Should -Match 'NOT AUTHENTICATED'
        Get-DbBackup auth -Latest -WarningAction SilentlyContinue | Where-Object Path -EQ $backup.Path | Should -BeNullOrEmpty
        $backup | Test-DbBackup -ErrorAction SilentlyContinue -ErrorVariable errors | Out-Null
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.NotAuthenticated*'
        Restore-DbBackup -Path $backup.Path -To auth_copy -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors | Out-Null
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.NotAuthenticated*'
        "$(($backup | Test-DbBackup -Unauthenticated -WarningVariable warnings -WarningAction SilentlyContinue).Outcome)" | Should -Be Succeeded
        "$warnings" | Should -BeLike '*is not authenticated*'
    }

    It 'signs a piped backup, and passes over what is signed' {
        $run = Get-DbBackup auth | Where-Object Path -EQ $backup.Path | Set-DbBackupSignature -Confirm:$false
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Sign Succeeded'
        $signed = Get-DbBackup auth -Latest
        $signed.Path | Should -Be $backup.Path
        $signed.NotAuthenticated | Should -BeNullOrEmpty
        $signed | Set-DbBackupSignature -Confirm:$false | Should -BeNullOrEmpty
        "$(($signed | Test-DbBackup).Outcome)" | Should -Be Succeeded
    }

    It 'signs a file by its path' {
        (Get-Item $backup.Path | Set-DbBackupSignature -Confirm:$false).Success | Should -BeTrue
        (Get-DbBackup auth | Where-Object Path -EQ $backup.Path).NotAuthenticated | Should -BeNullOrEmpty
    }

    It 'says what can be said where nothing is, and asks for nothing' {
        { Set-DbBackupSignature } | Should -Throw -ExpectedMessage 'Say which backups are meant*-Job*'
    }

    It 'signs what runs of a job have left before there was a passphrase, and refuses it without a run where it is only piped' {
        $pair = New-TestPair (Join-Path $TestDrive 'pair')
        Invoke-DbSync copy -Config $pair.Config -Confirm:$false | Out-Null
        Add-Content $pair.Config 'encryption: { passphrase: "correct horse battery staple" }'
        $left = Get-DbBackup -Job copy -Config $pair.Config
        $left.NotAuthenticated | Should -BeLike '*before there was a passphrase*'
        $left | Set-DbBackupSignature -Config $pair.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors |
            Should -BeNullOrEmpty
        "$($errors[0])" | Should -BeLike '*is not encrypted*'
        @(Get-DbSyncHistory -Config $pair.Config -Kind Sign).Count | Should -Be 0
        (Set-DbBackupSignature -Job copy -Config $pair.Config -Confirm:$false).Success | Should -Not -Contain $false
        (Get-DbBackup -Job copy -Config $pair.Config).Where{ $_.NotAuthenticated } | Should -BeNullOrEmpty
    }

    It 'begins nothing without a passphrase' {
        $open = New-TestVault (Join-Path $TestDrive 'open')
        $unsigned = (New-DbBackup auth -Config $open.Config).SourceBackup
        { Set-DbBackupSignature -Path $unsigned.Path -Config $open.Config -Confirm:$false } |
            Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage 'There is no passphrase to sign with.'
        { $unsigned | Set-DbBackupSignature -Config $open.Config -Confirm:$false } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*'
        "$((Get-DbSyncHistory -Config $open.Config).Kind)" | Should -Be Backup
    }

    It 'signs nothing with -WhatIf, or that is damaged' {
        $listed = Get-DbBackup auth | Where-Object Path -EQ $backup.Path
        $listed | Set-DbBackupSignature -WhatIf | Should -BeNullOrEmpty
        Set-FlippedBit $backup.Path
        ($listed | Set-DbBackupSignature -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors).Success | Should -BeFalse
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.BackupInvalid*'
        (Get-DbBackup auth | Where-Object Path -EQ $backup.Path).NotAuthenticated | Should -Not -BeNullOrEmpty
    }
}
