BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $common = [System.Management.Automation.Cmdlet]::CommonParameters
    $commands = Get-Command -Module BackupSync | ForEach-Object { @{ Name = $_.Name } }
    $parameters = Get-Command -Module BackupSync | ForEach-Object {
        $command = $_
        $_.Parameters.Values | Where-Object Name -NotIn $common | ForEach-Object { @{ Name = $command.Name; Parameter = $_.Name } }
    }
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
}

Describe 'The help' {
    It 'of <Name> says what it is for, describes it, and names what it takes and writes' -ForEach $commands {
        $help = Get-Help $Name -Full
        $help.Synopsis | Should -Match '^[A-Z].{30,}\.$'
        # What PowerShell makes up where there is no help begins with the name.
        $help.Synopsis | Should -Not -BeLike "*$Name*"
        "$($help.Description.Text)".Length | Should -BeGreaterThan 150
        $help.returnValues.returnValue.Count | Should -BeGreaterThan 0
        $help.syntax.syntaxItem | Should -Not -BeNullOrEmpty
    }

    It 'of <Name> has four examples, each with what happens' -ForEach $commands {
        $examples = @((Get-Help $Name -Examples).examples.example)
        $examples.Count | Should -BeGreaterOrEqual 4
        foreach ($example in $examples) {
            $example.code | Should -Match ($Name -replace '-.*', '-')
            "$($example.remarks.Text)".Trim() | Should -Match '\.$'
        }
        "$($examples.code)" | Should -BeLike "*$Name*"
    }

    It 'of <Name> has examples that can be parsed, with parameters that exist' -ForEach $commands {
        foreach ($example in (Get-Help $Name).examples.example) {
            $errors = $null
            $syntax = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty -Because $example.code
            $calls = $syntax.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] -and (Get-Command $args[0].GetCommandName() -Module BackupSync -ErrorAction Ignore) }, $true)
            foreach ($call in $calls) {
                $known = (Get-Command $call.GetCommandName()).Parameters.Keys
                $call.CommandElements.Where{ $_ -is [System.Management.Automation.Language.CommandParameterAst] }.ForEach{ $_.ParameterName | Should -BeIn $known }
            }
        }
    }

    It 'of <Name> -<Parameter> says what it does' -ForEach $parameters {
        $help = Get-Help $Name -Parameter $Parameter
        "$($help.description.Text)".Trim() | Should -Match '^[A-Z].*\.$'
    }

    It 'of <Name> keeps examples apart, and offers no page of the web' -ForEach $commands {
        $shown = (Get-Help $Name -Examples | Out-String -Width 200) -split '\r?\n'
        $titles = @(0..($shown.Count - 1)).Where{ $shown[$_] -match '-- Example \d+: .* --' }
        $titles.Count | Should -BeGreaterOrEqual 4
        $titles.ForEach{ $shown[$_ - 1].Trim() | Should -BeNullOrEmpty }
        $whole = Get-Help $Name | Out-String -Width 200
        $whole | Should -Not -Match '-Online'
        $whole | Should -Match 'See also: '
    }

    It 'of <Name> names all types that it says it writes' -ForEach $commands {
        $written = (Get-Command $Name).OutputType.Name | Sort-Object
        (Get-Help $Name -Full).returnValues.returnValue.type.name | Sort-Object | Should -Be $written
    }

    It 'has an overview' {
        "$(Get-Help about_BackupSync)" | Should -BeLike '*Invoke-DbSync*'
    }
}
