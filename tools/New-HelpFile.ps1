#Requires -Version 7.4
<#
.SYNOPSIS
Makes the help that Get-Help shows from the pages in docs/en-US, one per cmdlet.

.DESCRIPTION
What people write stands in the pages; what the compiler knows (parameter sets, types, positions, pipeline binding) is
asked of the built cmdlets. A cmdlet without a page, a parameter without a text, and a text without a parameter are errors.
#>
[CmdletBinding()]
param(
    # The built module's folder; the help is written to en-US in it.
    [Parameter(Mandatory)] [string] $Module,
    # The folder with the pages.
    [Parameter(Mandatory)] [string] $Docs
)

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

# PowerShell's own parameters are the same everywhere, and so are these texts.
$standardTexts = @{
    WhatIf  = 'Shows what would be done, and does nothing.'
    Confirm = 'Asks before anything is done.'
}

$namespaces = @{
    command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
    maml    = 'http://schemas.microsoft.com/maml/2004/10'
    dev     = 'http://schemas.microsoft.com/maml/dev/2004/10'
}

# A page: sections by their heading, '' for what comes first; in each, parts by theirs, '' again for what comes first.
function Read-Page([string] $Path) {
    $page = [ordered]@{ '' = [ordered]@{ '' = [System.Collections.Generic.List[string]]::new() } }
    $section = $part = ''
    $inCode = $false
    foreach ($line in Get-Content -LiteralPath $Path) {
        if ($line -match '^```') {
            $inCode = -not $inCode
        }
        if (-not $inCode -and $line -match '^## (.+)$') {
            $section, $part = $Matches[1].Trim(), ''
            $page[$section] = [ordered]@{ '' = [System.Collections.Generic.List[string]]::new() }
        }
        elseif (-not $inCode -and $line -match '^### (.+)$') {
            $part = $Matches[1].Trim()
            $page[$section][$part] = [System.Collections.Generic.List[string]]::new()
        }
        elseif ($inCode -or $line -notmatch '^# ') {
            $page[$section][$part].Add($line)
        }
    }
    $page
}

# Paragraphs without Markdown's marks: lines are joined, list items stay apart.
function Get-Paragraph([string[]] $Lines) {
    $text = ($Lines -join "`n").Trim() -replace '\[([^\]]+)\]\([^)]+\)', '$1' -replace '`', '' -replace '\*\*', ''
    foreach ($block in $text -split '\n\s*\n' -split '\n(?=- )') {
        if ($block.Trim()) {
            ($block -replace '\s*\n\s*', ' ').Trim()
        }
    }
}

function Write-Text([System.Xml.XmlWriter] $Writer, [string] $Prefix, [string] $Element, [string] $Text) {
    $Writer.WriteElementString($Prefix, $Element, $namespaces[$Prefix], $Text)
}

# Its parameters are named so as not to hide any variable that a content uses: a block sees those of its caller first.
function Write-Element([System.Xml.XmlWriter] $Writer, [string] $ElementPrefix, [string] $Element, [scriptblock] $Content) {
    $Writer.WriteStartElement($ElementPrefix, $Element, $namespaces[$ElementPrefix])
    & $Content
    $Writer.WriteEndElement()
}

function Write-Paragraph([System.Xml.XmlWriter] $Xml, [string] $Prefix, [string] $Parent, [string[]] $Lines) {
    Write-Element $Xml $Prefix $Parent { foreach ($paragraph in Get-Paragraph $Lines) { Write-Text $Xml maml para $paragraph } }
}

function Get-TypeName([type] $Type) {
    $inner = [Nullable]::GetUnderlyingType($Type)
    ($inner ?? $Type).Name
}

function Write-Parameter([System.Xml.XmlWriter] $Xml, $Parameter, [hashtable] $Help, [bool] $InSyntax) {
    $isSwitch = $Parameter.ParameterType -eq [switch]
    $pipeline = @(
        if ($Parameter.ValueFromPipeline) { 'ByValue' }
        if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' }
    )
    Write-Element $Xml command parameter {
        $Xml.WriteAttributeString('required', "$($Parameter.IsMandatory)".ToLowerInvariant())
        $Xml.WriteAttributeString('variableLength', 'true')
        $Xml.WriteAttributeString('globbing', 'false')
        $Xml.WriteAttributeString('pipelineInput', $(if ($pipeline) { "True ($($pipeline -join ', '))" } else { 'False' }))
        $Xml.WriteAttributeString('position', $(if ($Parameter.Position -ge 0) { "$($Parameter.Position)" } else { 'named' }))
        $Xml.WriteAttributeString('aliases', $(if ($Parameter.Aliases) { $Parameter.Aliases -join ', ' } else { 'none' }))
        Write-Text $Xml maml name $Parameter.Name
        Write-Paragraph $Xml maml description $Help.Text
        if (-not ($isSwitch -and $InSyntax)) {
            Write-Element $Xml command parameterValue {
                $Xml.WriteAttributeString('required', "$(-not $isSwitch)".ToLowerInvariant())
                $Xml.WriteAttributeString('variableLength', 'false')
                $Xml.WriteString((Get-TypeName $Parameter.ParameterType))
            }
        }
        $values = [Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType
        $values = $values.IsArray ? $values.GetElementType() : $values
        if ($InSyntax -and $values.IsEnum) {
            Write-Element $Xml command parameterValueGroup {
                foreach ($name in [enum]::GetNames($values)) {
                    Write-Element $Xml command parameterValue {
                        $Xml.WriteAttributeString('required', 'false')
                        $Xml.WriteAttributeString('variableLength', 'false')
                        $Xml.WriteString($name)
                    }
                }
            }
        }
        Write-Element $Xml dev type { Write-Text $Xml maml name (Get-TypeName $Parameter.ParameterType) }
        Write-Text $Xml dev defaultValue $Help.Default
    }
}

function Write-Types([System.Xml.XmlWriter] $Xml, [string] $List, [string] $Item, $Section) {
    Write-Element $Xml command $List {
        foreach ($name in $Section.Keys | Where-Object { $_ }) {
            Write-Element $Xml command $Item {
                Write-Element $Xml dev type { Write-Text $Xml maml name $name }
                Write-Paragraph $Xml maml description $Section[$name]
            }
        }
    }
}

function Write-Command([System.Xml.XmlWriter] $Xml, $Command, $Page) {
    $own = { $_.Name -notin [System.Management.Automation.Cmdlet]::CommonParameters }
    $names = @($Command.Parameters.Values | Where-Object $own | ForEach-Object Name)
    $help = @{}
    foreach ($name in $names) {
        $lines = $Page['Parameters']["-$name"] ?? $standardTexts[$name] ?? $(throw "$($Command.Name): -$name has no text.")
        $default = @($lines) -match '^Default: ' | Select-Object -First 1
        $help[$name] = @{
            Text    = @(@($lines) -notmatch '^Default: ')
            Default = $default ? ($default -replace '^Default: |\.$' -replace '`') : 'None'
        }
    }
    foreach ($heading in $Page['Parameters'].Keys | Where-Object { $_ -and $_.TrimStart('-') -notin $names }) {
        throw "$($Command.Name): the page describes $heading, which is none of its parameters."
    }
    $intro = @(Get-Paragraph $Page['']['']) ?? @()
    if ($intro.Count -lt 2) {
        throw "$($Command.Name): the page needs a first sentence and a description."
    }

    Write-Element $Xml command command {
        Write-Element $Xml command details {
            Write-Text $Xml command name $Command.Name
            Write-Text $Xml command verb $Command.Verb
            Write-Text $Xml command noun $Command.Noun
            Write-Element $Xml maml description { Write-Text $Xml maml para $intro[0] }
        }
        # The first paragraph is the synopsis above.
        # What else to read stands at its end: with links, PowerShell would offer help on a page of the web that there is not.
        $links = @(Get-Paragraph $Page['See also']['']).ForEach{ $_.TrimStart('-', ' ') } -join ', '
        Write-Element $Xml maml description {
            foreach ($paragraph in @($intro | Select-Object -Skip 1) + "See also: $links.") { Write-Text $Xml maml para $paragraph }
        }
        Write-Element $Xml command syntax {
            foreach ($set in $Command.ParameterSets | Sort-Object -Property @{ Expression = 'IsDefault'; Descending = $true }, Name) {
                Write-Element $Xml command syntaxItem {
                    Write-Text $Xml maml name $Command.Name
                    $set.Parameters | Where-Object $own |
                        Sort-Object { $_.Position -lt 0 }, Position, { -not $_.IsMandatory }, Name |
                        ForEach-Object { Write-Parameter $Xml $_ $help[$_.Name] $true }
                }
            }
        }
        Write-Element $Xml command parameters {
            foreach ($name in $names | Sort-Object) {
                $parameter = $Command.ParameterSets.Parameters | Where-Object Name -EQ $name |
                    Sort-Object { -not $_.ValueFromPipeline }, { $_.Position -lt 0 } | Select-Object -First 1
                Write-Parameter $Xml $parameter $help[$name] $false
            }
        }
        Write-Types $Xml inputTypes inputType $Page['Inputs']
        Write-Types $Xml returnValues returnValue $Page['Outputs']
        if ($Page.Contains('Notes')) {
            Write-Element $Xml maml alertSet { Write-Paragraph $Xml maml alert $Page['Notes'][''] }
        }
        Write-Element $Xml command examples {
            $number = 0
            foreach ($title in $Page['Examples'].Keys | Where-Object { $_ }) {
                $number++
                $null, $code, $remarks = ($Page['Examples'][$title] -join "`n") -split '(?m)^```(?:powershell)?$', 3
                Write-Element $Xml command example {
                    Write-Text $Xml maml title "-------- Example ${number}: $title --------"
                    Write-Text $Xml dev code $code.Trim()
                    # Two empty ones keep the next example apart.
                    Write-Element $Xml dev remarks {
                        foreach ($paragraph in @(Get-Paragraph ($remarks -split "`n")) + '', '') { Write-Text $Xml maml para $paragraph }
                    }
                }
            }
        }
    }
}

Import-Module $Module
$folder = Join-Path $Module 'en-US'
$null = New-Item -ItemType Directory -Path $folder -Force
$settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; Encoding = [System.Text.UTF8Encoding]::new($false) }
$xml = [System.Xml.XmlWriter]::Create((Join-Path $folder 'BackupSync.Module.dll-Help.xml'), $settings)
try {
    $xml.WriteStartElement('helpItems', 'http://msh')
    $xml.WriteAttributeString('schema', 'maml')
    foreach ($command in Get-Command -Module BackupSync | Sort-Object Name) {
        $path = Join-Path $Docs "$($command.Name).md"
        if (-not (Test-Path -LiteralPath $path)) {
            throw "$($command.Name) has no page: $path"
        }
        Write-Command $xml $command (Read-Page $path)
    }
    $xml.WriteEndElement()
}
finally {
    $xml.Dispose()
}
