BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault')
    Push-Location $vault.Folder
}

AfterAll {
    Pop-Location
}

Describe 'New-DbBackup' {
    It 'says what it would do with -WhatIf, and touches nothing' {
        New-DbBackup auth, trading -WhatIf | Should -BeNullOrEmpty
        $vault.Local | Should -Not -Exist
    }

    It 'backs several up at once, by position, with a tag' {
        $runs = New-DbBackup auth, trading -Tag pre-deployment-20240123 -KeepDays 30
        "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
        "$($runs.Kind)" | Should -Be 'Backup Backup'
        $runs.Source | Sort-Object | Should -Be auth, trading
        $runs.SourceBackup.Path | Should -Exist
        $runs.SourceBackup.Tag | Select-Object -Unique | Should -Be pre-deployment-20240123
        $runs.SourceBackup.KeepDays | Select-Object -Unique | Should -Be 30
        $runs[0].SourceStats['public.users'] | Should -Be 300
        Split-Path (Split-Path ($runs | Where-Object Source -EQ auth).SourceBackup.Path) -Leaf | Should -Be auth
    }

    It 'reads the configuration once, however many databases are named' {
        $said = 'auth', 'trading' | New-DbBackup -WhatIf -Verbose 4>&1
        @("$($said -join "`n")" | Select-String 'Configuration: ' -AllMatches).Matches.Count | Should -Be 1
        $said = New-DbBackup auth, trading, auth_copy -WhatIf -Verbose 4>&1
        @("$($said -join "`n")" | Select-String 'Configuration: ' -AllMatches).Matches.Count | Should -Be 1
    }

    It 'backs up by pipeline value, and gathers what is piped' {
        $runs = 'auth', 'trading', 'auth' | New-DbBackup
        $runs.Count | Should -Be 2
        "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
    }

    It 'backs piped databases up' {
        $runs = (Get-DbSyncConfig).Databases | Where-Object Role -EQ Production | New-DbBackup
        $runs.Source | Should -Be auth
        "$($runs.Outcome)" | Should -Be Succeeded
    }

    It 'takes names of piped objects by property name' {
        $run = [pscustomobject]@{ Name = 'trading' } | New-DbBackup
        $run.Source | Should -Be trading
    }

    It 'pins, and stores in the places that are named' {
        $run = New-DbBackup trading -Pin -Place local, offsite
        $run.SourceBackup.Pinned | Should -BeTrue
        foreach ($place in 'local', 'offsite') {
            @(Get-DbBackup trading -Place $place | Where-Object FileName -EQ $run.SourceBackup.FileName).Pinned | Should -Be $true
        }
    }

    It 'goes on where one fails, and writes one error for it' {
        $runs = New-DbBackup auth, missing, trading -ErrorAction SilentlyContinue -ErrorVariable errors
        $? | Should -BeFalse
        $runs.Count | Should -Be 3
        ($runs | Where-Object Success).Source | Sort-Object | Should -Be auth, trading
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.DatabaseMissing,BackupSync.Module.Commands.NewDbBackupCommand'
        $errors[0].TargetObject | Should -Be missing
        "$($errors[0])" | Should -BeLike 'missing: Aborted in Check:*no_such_database*'
    }

    It 'lets the others end before -ErrorAction Stop throws' {
        { New-DbBackup missing, auth, trading -ErrorAction Stop -OutVariable script:written } | Should -Throw -ErrorId 'BackupSync.DatabaseMissing,*'
        ($script:written | Where-Object Success).Count | Should -Be 2
    }

    It 'backs all up with -All' {
        $runs = New-DbBackup -All -ErrorAction SilentlyContinue -ErrorVariable errors
        $runs.Source | Sort-Object | Should -Be auth, auth_copy, missing, trading
        # An empty database has nothing to back up.
        ($errors.TargetObject | Sort-Object) | Should -Be auth_copy, missing
    }

    It 'shows bars for each run, and completes all of them' {
        $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
        $null = $shell.AddScript("Set-Location '$($vault.Folder)'; Import-Module '$((Get-Module BackupSync).Path)'; New-DbBackup auth, trading").Invoke()
        $shell.HadErrors | Should -BeFalse
        $runs = $shell.Streams.Progress | Where-Object ParentActivityId -LT 0
        $runs.Activity | Sort-Object -Unique | Should -Be auth, trading
        @($runs.ActivityId | Sort-Object -Unique).Count | Should -Be 2
        foreach ($bar in $shell.Streams.Progress | Group-Object ActivityId) {
            "$($bar.Group[-1].RecordType)" | Should -Be Completed
        }
        $shell.Dispose()
    }

    It 'names each run on the verbose stream' {
        $verbose = New-DbBackup auth, trading -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$verbose" | Should -BeLike '*auth: Dump started:*'
        "$verbose" | Should -BeLike '*trading: Dump started:*'
    }

    It 'shows a table with the databases' {
        New-DbBackup auth | Out-String -Width 79 | Should -Match '(?s)Database\s+Outcome\s+Size\s+Duration\s+Proof.*auth\s+Succeeded\s+\d+ k?B'
    }

    It 'looks all names up before the first begins' {
        $before = @(Get-DbBackup).Count
        { New-DbBackup auth, tradign -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'trading'?"
        { New-DbBackup auth -Place offsiet } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'offsite'?"
        @(Get-DbBackup).Count | Should -Be $before
    }

    It 'asks for names where none is given' {
        { New-DbBackup } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage '*-All*auth, trading*'
    }

    It 'says that a place is out of reach, where the backup is good and how to go on' {
        # Port 1 of this machine: nobody listens there.
        $closed = New-TestVault (Join-Path $TestDrive 'closed') -Places '  bucket:  { s3: { bucket: none, endpoint: "http://127.0.0.1:1", region: eu, accessKey: someone, secretKey: "s3cr3t-value" } }'
        $run = New-DbBackup auth -Config $closed.Config -Place local, bucket -WarningAction SilentlyContinue -WarningVariable warnings -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($run.Outcome)" | Should -Be Incomplete
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.PlaceFailed,*'
        "$($errors[0])" | Should -BeLike "*s3://none/*bucket*is good and stays in $($run.SourceBackup.Path)*"
        "$($errors[0]) $($errors[0].Exception) $($warnings)" | Should -Not -BeLike '*s3cr3t-value*'
        "$warnings" | Should -BeLike '*auth: *bucket unencrypted*'
        $run.SourceBackup.Path | Should -Exist
        { Get-DbBackup -Place bucket -Config $closed.Config -WarningAction SilentlyContinue } | Should -Throw -ErrorId 'BackupSync.PlaceFailed,*'
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.ForEach{ $_.GetName().Name } | Should -Not -Contain AWSSDK.S3
    }

    It 'warns of losing the passphrase once, with the first encrypted backup' {
        $encrypted = New-TestVault (Join-Path $TestDrive 'encrypted') -Encrypted
        $run = New-DbBackup auth -Config $encrypted.Config -WarningVariable first -WarningAction SilentlyContinue
        $run.SourceBackup.Encrypted | Should -BeTrue
        "$first" | Should -BeLike 'auth: *encrypted from now on*passphrase*'
        New-DbBackup auth -Config $encrypted.Config -WarningVariable second | Out-Null
        $second | Should -BeNullOrEmpty
    }

    It 'takes one of a URL without a configuration, into a folder' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive 'no-configuration')
        Push-Location $folder
        $env:BACKUPSYNC_CONFIG = $null
        try {
            $run = New-DbBackup -Url $vault.Auth -Tag by-url
            "$($run.Kind) $($run.Outcome)" | Should -Be 'Backup Succeeded'
            Split-Path $run.SourceBackup.Path | Split-Path | Should -Be (Join-Path $folder 'backups')
            Test-DbBackup -Path $run.SourceBackup.Path -Quiet | Should -BeTrue
            Split-Path (New-DbBackup -Url $vault.Auth -Path ./else).SourceBackup.Path | Split-Path | Should -Be (Join-Path $folder 'else')
        }
        finally {
            Pop-Location
        }
    }

    It 'goes on where a name is unknown' {
        $runs = New-DbBackup auht, auth -ErrorAction SilentlyContinue -ErrorVariable errors
        @($runs).Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.UnknownName,*'
        $errors[0].TargetObject | Should -Be auht
    }
}
