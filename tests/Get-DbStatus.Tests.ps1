BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault')
    Push-Location $vault.Folder
    # A plan that can only fail is no part of what is to be good here.
    (Get-Content $vault.Config) -notmatch '^  faulty' | Set-Content $vault.Config
    Invoke-DbBackupPlan nightly | Out-Null
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbStatus' {
    It 'tells of each database and job how it stands' {
        $status = Get-DbStatus
        $status.Name | Should -Be auth, trading, auth_copy, missing
        "$($status.State)" | Should -Be 'Good Good Never Unplanned'
        $auth = $status[0]
        $auth.Kind | Should -Be Database
        $auth.CopiedBy | Should -Be nightly
        $auth.AgeSeconds | Should -BeLessThan 600
        $auth.RpoLimitSeconds | Should -Be 900
        $auth.Proof | Should -Be read
        $auth.LastOutcome | Should -Be Succeeded
        $status[2].Reason | Should -Be 'there is no good copy of it'
    }

    It 'tells of those named, by parameter and by pipeline' {
        (Get-DbStatus -Name trading).Name | Should -Be trading
        ('trading', 'auth' | Get-DbStatus).Name | Should -Be auth, trading
        ((Get-DbSyncConfig).BackupPlans[0].Databases | Get-DbStatus).Name | Should -Be auth, trading
    }

    It 'tells of a job, before and after it has run' {
        $pair = New-TestPair (Join-Path $TestDrive 'pair')
        (Get-DbStatus copy -Config $pair.Config).State | Should -Be Never
        Invoke-DbSync copy -Config $pair.Config -Confirm:$false | Out-Null
        $job = Get-DbStatus copy -Config $pair.Config
        "$($job.State) $($job.Kind) $($job.CopiedBy)" | Should -Be 'Good Job Full'
        "$((Get-DbStatus -Config $pair.Config).State)" | Should -Be 'Good Good Good'
    }

    It 'answers yes or no' {
        Get-DbStatus auth, trading -Quiet | Should -BeTrue
        $all = Get-DbStatus -Quiet
        $all | Should -BeOfType bool
        $all | Should -BeFalse
    }

    It 'names the nearest for one that does not exist, and goes on with the others' {
        $found = Get-DbStatus atuh, trading -ErrorVariable failures -ErrorAction SilentlyContinue
        $found.Name | Should -Be trading
        $failures.Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.UnknownName,*'
        "$($failures[0])" | Should -BeLike "*Did you mean 'auth'?"
        $failures[0].TargetObject | Should -Be atuh
        Get-DbStatus atuh, trading -Quiet -ErrorAction SilentlyContinue | Should -BeFalse
        Get-DbStatus atuh -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'connects to nothing, and needs no URL' {
        $text = (Get-Content $vault.Config) -replace 'url: "[^"]+"', 'url: "${BACKUPSYNC_IS_NOT_SET}"'
        $config = Join-Path $vault.Folder 'without.yml'
        Set-Content $config $text
        (Get-DbStatus auth -Config $config).State | Should -Be Good
    }

    It 'says that a backup is bad' {
        $other = New-TestVault (Join-Path $TestDrive 'bad')
        New-DbBackup auth -Config $other.Config | Out-Null
        $backup = Get-DbBackup auth -Config $other.Config
        Set-FlippedBit $backup.Path
        $backup | Test-DbBackup -Config $other.Config -ErrorAction SilentlyContinue | Out-Null
        $auth = Get-DbStatus auth -Config $other.Config
        "$($auth.State) $($auth.Proof)" | Should -Be 'Failed BAD'
        $auth.Reason | Should -BeLike "*the newest backup, $($backup.FileName), is bad in *:*"
    }

    It 'is shown as a table, and one alone as a list' {
        $lines = (Get-DbStatus | Out-String -Width 79) -replace '\e\[[0-9;]*m' -split '\r?\n'
        $lines -match '^auth +Good +\S.* 15m 00s' | Should -Not -BeNullOrEmpty
        $lines -match '^auth_copy +Never .* there is no' | Should -Not -BeNullOrEmpty
        $lines | Where-Object Length -GT 79 | Should -BeNullOrEmpty
        $one = (Get-DbStatus auth | Out-String -Width 79) -replace '\e\[[0-9;]*m'
        $one | Should -Match '(?m)^State +: Good'
        $one | Should -Match '(?m)^Proof +: read'
    }

    It 'gives the words of the command line as JSON' {
        $json = Get-DbStatus auth | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json
        "$($json.State) $($json.Kind) $($json.LastKind) $($json.IsGood)" | Should -Be 'Good Database Backup True'
    }
}
