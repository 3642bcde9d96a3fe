BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Invoke-DbSync copy -Config $pair.Config -Confirm:$false | Out-Null
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
}

Describe 'New-DbSyncReport' {
    It 'writes a page and gives the file' {
        $file = New-DbSyncReport -Config $pair.Config
        $file | Should -BeOfType System.IO.FileInfo
        $file.Name | Should -Be report.html
        $page = Get-Content $file -Raw
        $page | Should -BeLike '*<h1>*'
        $page | Should -BeLike '*The last 30 days*'
        $page | Should -BeLike '*1 succeeded*'
        $page | Should -Not -BeLike '*<script*'
    }

    It 'replaces a report, and no other file unless that is said' {
        (New-DbSyncReport ./page.html -Days 7 -Config $pair.Config).FullName | Should -Be (Join-Path $TestDrive 'page.html')
        New-DbSyncReport ./page.html -Days 8 -Config $pair.Config | Get-Content -Raw | Should -BeLike '*The last 8 days*'
        Set-Content ./mine.html 'mine'
        { New-DbSyncReport ./mine.html -Config $pair.Config } | Should -Throw -ErrorId 'BackupSync.FileFailed,*'
        Get-Content ./mine.html | Should -Be mine
        New-DbSyncReport ./mine.html -Force -Config $pair.Config | Get-Content -Raw | Should -BeLike '<!doctype html>*'
    }

    It 'writes nothing with -WhatIf' {
        New-DbSyncReport ./none.html -WhatIf -Config $pair.Config | Should -BeNullOrEmpty
        './none.html' | Should -Not -Exist
    }
}
