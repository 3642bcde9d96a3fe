# Where secrets come from: files, commands, credentials, secure strings, vaults; and where addresses with a password must not end up.
BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $cmdlets = (Get-Command -Module BackupSync).Name | Sort-Object
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    $user, $password = ([uri]$pair.Source).UserInfo.Split(':').ForEach{ [uri]::UnescapeDataString($_) }
    $withoutLogin = $pair.Source -replace '//.*@', '//'
    $withoutPassword = $pair.Source -replace '(//[^:]*):[^@]*@', '$1@'
    $targetWithoutLogin = $pair.Target -replace '//.*@', '//'
    $credential = [pscredential]::new($user, (ConvertTo-SecureString $password -AsPlainText -Force))

    # A folder with a configuration of its own.
    function New-Config([string] $Yaml) {
        $folder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))).FullName
        Set-Content -LiteralPath (Join-Path $folder 'backupsync.yml') -Value $Yaml
        $folder
    }

    # What a vault's module has, and who has asked it for what: SecretManagement itself is not needed to be installed for these tests.
    function Use-Vault([hashtable] $Secrets, [scriptblock] $Work) {
        $vault = New-Module -Name Microsoft.PowerShell.SecretManagement -ArgumentList $Secrets -ScriptBlock {
            param($Secrets)
            $Asked = [System.Collections.Generic.List[string]]::new()
            function Get-Secret {
                [CmdletBinding()]
                param([string] $Name, [string] $Vault)
                $Asked.Add("$Vault/$Name on $([runspace]::DefaultRunspace.InstanceId)")
                if (-not $Secrets.ContainsKey($Name)) { Write-Error "The secret $Name was not found." }
                $Secrets[$Name]
            }
            Export-ModuleMember -Function Get-Secret -Variable Asked
        }
        Import-Module $vault -Global
        try { & $Work }
        finally { Remove-Module $vault }
    }
}

Describe 'Secrets of a configuration' {
    It 'come from files and commands' {
        $folder = New-Config @"
databases:
  file:    { urlFile: url }
  command: { urlCommand: [cat, url] }
  apart:   { url: "$withoutPassword", passwordFile: password }
"@
        Set-Content -LiteralPath (Join-Path $folder url) -Value $pair.Source
        Set-Content -LiteralPath (Join-Path $folder password) -Value $password
        (Test-DbConnection -Config (Join-Path $folder backupsync.yml) -TimeoutSeconds 10).State | Should -Be Connected, Connected, Connected
    }

    It 'in a file that everybody can read are warned of, and used' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'modes are of Unix' }
        $folder = New-Config 'databases: { file: { urlFile: url } }'
        Set-Content -LiteralPath (Join-Path $folder url) -Value $pair.Source
        chmod 755 $TestDrive $folder
        chmod 644 (Join-Path $folder url)
        Test-DbConnection -Config (Join-Path $folder backupsync.yml) -Quiet -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeTrue
        # A folder above may keep everybody out.
        if ($warnings) { "$warnings" | Should -BeLike '*:1:*databases.file.urlFile: the file * can be read by everybody on this machine (mode 0644)*' }
    }

    It 'come from a vault, asked in this session when they are needed' {
        $folder = New-Config @'
databases: { first: { urlSecret: team/prod-url }, second: { urlSecret: copy-url }, other: { urlSecret: other-url } }
'@
        Use-Vault @{ 'prod-url' = ConvertTo-SecureString $pair.Source -AsPlainText -Force; 'copy-url' = $pair.Target } {
            Push-Location $folder
            try {
                $config = Get-DbSyncConfig
                $config.Databases.Where | Should -Be "from the secret 'team/prod-url'", "from the secret 'copy-url'", "from the secret 'other-url'"
                Test-DbSyncConfig | Should -BeNullOrEmpty
                $Asked | Should -BeNullOrEmpty
                (Test-DbConnection first, second).State | Should -Be Connected, Connected
                $here = [runspace]::DefaultRunspace.InstanceId
                $Asked | Sort-Object | Should -Be "/copy-url on $here", "team/prod-url on $here"
                # Another cmdlet than the one that has read the configuration.
                ($config.Databases[0] | Test-DbConnection -Quiet) | Should -BeTrue
            }
            finally { Pop-Location }
        }
    }

    It 'come from a vault although the configuration was looked at before' {
        $folder = New-Config 'databases: { first: { urlSecret: prod-url } }'
        Use-Vault @{ 'prod-url' = $pair.Source } {
            $config = Get-DbSyncConfig (Join-Path $folder backupsync.yml)
            $null = $config.Databases | Format-List | Out-String
            $null = $config | ConvertTo-Json -Depth 5 -WarningAction SilentlyContinue
            ($config.Databases[0] | Test-DbConnection -Quiet) | Should -BeTrue
        }
    }

    It 'come from a vault while a run goes on, in the thread that may ask' {
        $vaulted = New-TestVault (Join-Path $TestDrive 'vault')
        Add-Content $vaulted.Config 'encryption: { passphraseSecret: phrase }'
        Use-Vault @{ phrase = 'correct horse battery' } {
            Push-Location $vaulted.Folder
            try {
                (New-DbBackup auth, trading).Outcome | ForEach-Object { "$_" } | Should -Be Succeeded, Succeeded
                (Get-DbBackup auth).Encrypted | Should -Not -BeFalse
                (Get-DbBackup auth -Latest | Test-DbBackup).Success | Should -BeTrue
                $Asked.Count | Should -BeGreaterThan 0
            }
            finally { Pop-Location }
        }
    }

    It 'that no vault has are told of the database that needs them' {
        $folder = New-Config 'databases: { first: { urlSecret: none }, second: { urlSecret: number } }'
        Use-Vault @{ number = 5 } {
            $results = Test-DbConnection -Config (Join-Path $folder backupsync.yml) -ErrorAction SilentlyContinue -ErrorVariable errors
            $results.State | Should -Be Failed, Failed
            "$($errors[0])" | Should -BeLike "*:1:*databases.first.urlSecret: the secret 'none' could not be got: The secret none was not found*"
            "$($errors[1])" | Should -BeLike "*databases.second.urlSecret: the secret 'number' is no text and no credential, but a Int32*"
        }
    }

    It 'need SecretManagement, which is named where it is not installed' {
        if (Get-Command Get-Secret -ErrorAction Ignore) { Set-ItResult -Skipped -Because 'SecretManagement is installed here' }
        $folder = New-Config 'databases: { first: { urlSecret: prod-url } }'
        $null = Test-DbConnection -Config (Join-Path $folder backupsync.yml) -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($errors[0])" | Should -BeLike "*'prod-url'*not installed: Install-Module Microsoft.PowerShell.SecretManagement*"
    }
}

Describe 'Credentials and secure strings' {
    It 'stand for the user and the password of a URL' {
        Test-DbConnection -Url $withoutLogin -Credential $credential -Quiet | Should -BeTrue
        Test-DbConnection -Url ($pair.Source -replace '//.*@', '//nobody:wrong@') -Credential $credential -Quiet | Should -BeTrue
        $wrong = [pscredential]::new($user, (ConvertTo-SecureString 'wrong' -AsPlainText -Force))
        $null = Test-DbConnection -Url $pair.Source -Credential $wrong -TimeoutSeconds 2 -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.AuthenticationFailed,*'
    }

    It 'are taken as they are, with nothing encoded' {
        Invoke-TestSql ($pair.Source -replace '/[^/]*$', '/postgres') "ALTER ROLE `"$user`" PASSWORD 'p@ss/w:rd%41'"
        try {
            $odd = [pscredential]::new($user, (ConvertTo-SecureString 'p@ss/w:rd%41' -AsPlainText -Force))
            Test-DbConnection -Url $withoutLogin -Credential $odd -Quiet | Should -BeTrue
        }
        finally {
            Invoke-TestSql ($withoutLogin -replace '//', "//${user}:p%40ss%2Fw%3Ard%2541@" -replace '/[^/]*$', '/postgres') "ALTER ROLE `"$user`" PASSWORD '$password'"
        }
    }

    It 'hold a URL as a whole' {
        $url = ConvertTo-SecureString $pair.Source -AsPlainText -Force
        Test-DbConnection -Url $url -Quiet | Should -BeTrue
        (Test-DbConnection -Url $url, $pair.Target).State | Should -Be Connected, Connected
        ([pscustomobject]@{ Url = $url } | Test-DbConnection -Quiet) | Should -BeTrue
        $file = Join-Path $TestDrive 'by-url'
        $taken = New-DbBackup -Url $url -Path $file
        "$($taken.Outcome)" | Should -Be Succeeded
        $target = ConvertTo-SecureString $pair.Target -AsPlainText -Force
        Restore-DbBackup -Path $taken.SourceBackup.Path -TargetUrl $target -WhatIf | Should -Not -BeNullOrEmpty
        Import-DbArchive -Path $taken.SourceBackup.Path -TargetUrl $target -WhatIf | Should -Not -BeNullOrEmpty
    }

    It 'go with the URLs of a comparison and of a sync' {
        $arguments = @{ Source = $withoutLogin; SourceCredential = $credential; Target = (ConvertTo-SecureString $pair.Target -AsPlainText -Force) }
        Compare-DbData @arguments -Quiet | Should -BeFalse
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'adhoc')).FullName
        Push-Location $folder
        try {
            $arguments.Target = $targetWithoutLogin
            $arguments.TargetCredential = [pscredential]::new(([uri]$pair.Target).UserInfo.Split(':')[0], (ConvertTo-SecureString (
                        [uri]::UnescapeDataString(([uri]$pair.Target).UserInfo.Split(':')[1])) -AsPlainText -Force))
            $result = Invoke-DbSync @arguments -Force
            "$($result.Outcome)" | Should -Be Succeeded
            Compare-DbData @arguments -Quiet | Should -BeTrue
            Get-ChildItem $folder -Recurse -File | Where-Object Name -NotLike '*.dump' | Select-String -SimpleMatch $password | Should -BeNullOrEmpty
        }
        finally { Pop-Location }
    }

    It 'go with the URL of a backup and of a restore' {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'byurl')).FullName
        Push-Location $folder
        try {
            $backup = New-DbBackup -Url $withoutLogin -Credential $credential -Path (Join-Path $folder kept)
            $backup.Success | Should -BeTrue
            $owner, $word = ([uri]$pair.Target).UserInfo.Split(':').ForEach{ [uri]::UnescapeDataString($_) }
            $target = @{ TargetUrl = $targetWithoutLogin; TargetCredential = [pscredential]::new($owner, (ConvertTo-SecureString $word -AsPlainText -Force)) }
            (Restore-DbBackup -Path $backup.SourceBackup.Path @target -Confirm:$false).Success | Should -BeTrue
            { Restore-DbBackup -Path $backup.SourceBackup.Path -TargetCredential $credential -Confirm:$false -Config $pair.Config -ErrorAction Stop } |
                Should -Throw '-TargetCredential goes with -TargetUrl*'
        }
        finally { Pop-Location }
    }

    It 'are none where a script has the empty credential or a variable that is not set' {
        Test-DbConnection -Url $pair.Source -Credential ([pscredential]::Empty) -Quiet | Should -BeTrue
        { Test-DbConnection -Url $pair.Source, $null } | Should -Throw "The database's URL is empty."
    }

    It 'may be a Uri, and of other types nothing is quoted' {
        Test-DbConnection -Url ([uri]$pair.Source) -Quiet | Should -BeTrue
        $url = 'postgresql://u:Zq7Wk9@127.0.0.1:1/d'
        foreach ($other in [System.Text.StringBuilder]$url, @{ a = $url }, [pscustomobject]@{ a = $url }) {
            $Error.Clear()
            { Test-DbConnection -Url $other } | Should -Throw '*is no URL: give one as text or as a secure string*'
            $Error | ForEach-Object { "$_ $($_.Exception) $($_.TargetObject)" } | Should -Not -Match 'Zq7Wk9'
        }
    }

    It 'do not go with a name of the configuration' {
        { Compare-DbData first second -SourceCredential $credential -Config $pair.Config } |
            Should -Throw "'first' is a name of $($pair.Config), which says who signs in: a credential goes with a URL."
    }
}

Describe 'An address where a name is wanted' {
    BeforeAll {
        $url = 'postgresql://u:Zq7Wk9@127.0.0.1:1/d'
        $shown = "'postgresql://u:[*][*][*]@127.0.0.1:1/d' is an address, and *"
    }

    It 'is told without its password and with the parameter that takes it' {
        $Error.Clear()
        { Test-DbConnection $url -Config $pair.Config } | Should -Throw "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a database is wanted here."
        $Error[0].ErrorDetails.RecommendedAction | Should -Be 'Give the address by -Url.'
        { Invoke-DbSync $url -Config $pair.Config } | Should -Throw
        $Error[0].ErrorDetails.RecommendedAction | Should -Be 'Give the address by -Source and -Target.'
        { New-DbBackup first -Place $url -Config $pair.Config } | Should -Throw
        $Error[0].ErrorDetails.RecommendedAction | Should -BeLike 'Name the place in the configuration (places: *'
        { Get-DbBackup 'host=h password=Zq7Wk9' -Config $pair.Config -ErrorAction Stop } | Should -Throw "'host=…' is an address*"
        { Test-DbSyncConfig $url } | Should -Throw '*is an address, and the path of a file or folder is wanted here.'
        foreach ($record in $Error) {
            "$record $($record.Exception) $($record.TargetObject) $($record.ErrorDetails.RecommendedAction)" | Should -Not -Match 'Zq7Wk9'
            ConvertTo-Json @{ Exception = $record.Exception.ToString(); Target = $record.TargetObject } | Should -Not -Match 'Zq7Wk9'
        }
    }

    It 'is neither asked about, nor in the log, nor in a manifest' {
        $folder = New-Config "databases:`n  first: { url: '$($pair.Source)' }`n  second: { url: '$($pair.Target)' }"
        $config = Join-Path $folder backupsync.yml
        $null = New-DbBackup first -Config $config
        { New-DbBackup first -Tag $url -Config $config } | Should -Throw "'postgresql://u:***@127.0.0.1:1/d' is an address, and a tag is wanted here."
        { Set-DbBackup first -Latest -Tag $url -Config $config } | Should -Throw "*is an address, and a tag is wanted here."
        $run = Restore-DbBackup first -Latest -To second -Table $url -Config $config -Confirm:$false -ErrorAction SilentlyContinue
        $run.Error.Id | Should -Be BackupSync.ConfigurationInvalid
        Get-ChildItem $folder -Recurse -File | Select-String Zq7Wk9 | Should -BeNullOrEmpty
    }

    It 'is in no error of <_>' -ForEach $cmdlets {
        $command = Get-Command $_
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        Push-Location $pair.Folder
        try {
            # Objects come by the pipeline.
            foreach ($set in $command.ParameterSets.Where{ -not $_.Parameters.Where{ $_.Name -eq 'InputObject' -and $_.IsMandatory } }) {
                foreach ($parameter in $set.Parameters.Where{ $_.Name -notin $common -and $_.ParameterType -in [string], [string[]] -or $_.Name -match 'Url|^Source$|^Target$' }) {
                    foreach ($address in $url, 'host=127.0.0.1 port=1 user=u password=Zq7Wk9') {
                        $given = @{ $parameter.Name = $address }
                        foreach ($other in $set.Parameters.Where{ $_.IsMandatory -and $_.Name -ne $parameter.Name }) {
                            $type = [Nullable]::GetUnderlyingType($other.ParameterType) ?? $other.ParameterType
                            $given[$other.Name] = $type -eq [switch] ? $true :
                                $type -in [string], [string[]] ? 'a' : $type.IsEnum ? [enum]::GetNames($type)[0] : $address
                        }
                        foreach ($switch in 'WhatIf', 'Confirm') {
                            if ($command.Parameters.ContainsKey($switch)) { $given[$switch] = $switch -eq 'WhatIf' }
                        }
                        if ($command.Parameters.ContainsKey('TimeoutSeconds')) { $given.TimeoutSeconds = 1 }
                        $errors = $null
                        try { $output = & $command @given -ErrorAction SilentlyContinue -ErrorVariable errors -WarningVariable warnings -WarningAction SilentlyContinue 6>&1 }
                        catch { $errors = @($errors; $_) }
                        $all = @($output; $warnings; $errors.ForEach{ "$_ $($_.Exception) $($_.TargetObject) $($_.ErrorDetails)" }) | Out-String
                        # PowerShell's own words for what it cannot bind are not ours, nor is what is said twice by a tag.
                        if ($errors.FullyQualifiedErrorId -like '*Binding*' -or $parameter.Name -in 'Tag') { continue }
                        $all | Should -Not -Match 'Zq7Wk9' -Because "$_ -$($parameter.Name)"
                    }
                }
            }
        }
        finally { Pop-Location }
    }
}

Describe 'What the environment says to libpq' {
    BeforeAll {
        # Runs the work with these variables, and takes them away again.
        function Use-Environment([hashtable] $Variables, [scriptblock] $Work) {
            $before = @{}
            foreach ($name in $Variables.Keys) {
                $before[$name] = Get-Item -LiteralPath "Env:$name" -ErrorAction Ignore
                [Environment]::SetEnvironmentVariable($name, $Variables[$name])
            }
            try { & $Work }
            finally {
                foreach ($name in $before.Keys) {
                    Remove-Item -LiteralPath "Env:$name"
                    if ($before[$name]) { Set-Item -LiteralPath "Env:$name" -Value $before[$name].Value }
                }
            }
        }
    }

    It 'reaches no session: <_>' -ForEach 'PGOPTIONS=-c no_such_setting=1', 'PGREQUIREAUTH=md5', 'PGSSLNEGOTIATION=direct', 'PGTARGETSESSIONATTRS=standby',
    'PGCLIENTENCODING=LATIN1', 'PGCLIENTENCODING=', 'PGTZ=Nowhere/Nothing', 'PGHOST=nowhere.invalid', 'PGUSER=nobody', 'PGDATABASE=nothing', 'PGSSLMODE=verify-full' {
        $name, $value = $_ -split '=', 2
        Use-Environment @{ $name = $value } {
            (Test-DbConnection -Url $pair.Source -TimeoutSeconds 10).State | Should -Be Connected
        }
    }

    It 'gives a password that the URL lacks' {
        Use-Environment @{ PGPASSWORD = $password } {
            (Test-DbConnection -Url $withoutPassword -TimeoutSeconds 10).State | Should -Be Connected
        }
    }

    It 'names a password file, which is passed over where others can read it' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'modes are of Unix' }
        $file = Join-Path $TestDrive 'pgpass'
        Set-Content -LiteralPath $file -Value "*:*:*:*:$password"
        Use-Environment @{ PGPASSFILE = $file } {
            chmod 600 $file
            (Test-DbConnection -Url $withoutPassword -TimeoutSeconds 10).State | Should -Be Connected
            chmod 640 $file
            (Test-DbConnection -Url $withoutPassword -TimeoutSeconds 10 -ErrorAction SilentlyContinue -ErrorVariable errors).State | Should -Be Failed
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.AuthenticationFailed,*'
            $errors[0].ErrorDetails.RecommendedAction | Should -BeLike "*$file is passed over*chmod 600 $file*"
        }
        (Test-DbConnection -Url "${withoutPassword}?passfile=$file" -TimeoutSeconds 10 -ErrorAction SilentlyContinue).State | Should -Be Failed
    }
}
