using System.Text;
using BackupSync.Application;
using BackupSync.Archives;
using BackupSync.Operations.Archiving;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Operations.Archiving;

/// <summary>Rows come out of an archive byte for byte, whoever decompresses it.</summary>
public sealed class TableDataTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData("\\.\n\n\n", "")]
    [InlineData("a\tb\n\\.\n\n\n", "a\tb\n")]
    [InlineData("\n\n\\.\n\n\n", "\n\n")]
    [InlineData("\\\\.\n\\.x\nx\\.\n\\N\n\\.\nrest", "\\\\.\n\\.x\nx\\.\n\\N\n")]
    public void Rows_end_at_their_mark_however_they_come(string content, string rows)
    {
        foreach (var (pieces, takes) in from p in Enumerable.Range(1, 7) from t in Enumerable.Range(1, 7) select (p, t))
        {
            using var reader = new CopyRows(new Pieces(Encoding.UTF8.GetBytes(content), pieces));
            Assert.Equal(rows, Encoding.UTF8.GetString(ReadAll(reader, takes)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("a\n\\.")]
    public void Rows_without_their_mark_are_cut_off(string content)
    {
        using var reader = new CopyRows(new MemoryStream(Encoding.UTF8.GetBytes(content)));

        Assert.Equal(ErrorIds.BackupInvalid, Assert.Throws<BackupSyncException>(() => ReadAll(reader, 8)).ErrorId);
    }

    /// <summary>In the script a name, a comment and a row can each look like any other.</summary>
    [Fact]
    public void Statements_are_read_whatever_their_names_and_however_they_come()
    {
        const string script =
            "--\n-- COPY a (b) FROM stdin;\n--\n\\restrict a'b\"c;\n\nSET x = 'it''s; \\';\nSELECT $a$;$a$, '\n', /* ; /* */ ' */ 1;\n"
            + "COPY public.\"a\n\"\"b\\.\n-- FROM stdin;\n'\" (\"\r;\") FROM stdin;\n--\n'\n\\\\.\n\\.\n\n\nCOPY c FROM "
            + "stdin;\n\\.\n\\unrestrict a\n\n";
        string[] expected =
        [
            "SET x = 'it''s; \\';", "SELECT $a$;$a$, '\n', /* ; /* */ ' */ 1;", "COPY public.\"a\n\"\"b\\.\n-- FROM stdin;\n'\" "
                + "(\"\r;\") FROM stdin;", "--\n'\n\\\\.\n",
            "COPY c FROM stdin;", "",
        ];
        foreach (var pieces in Enumerable.Range(1, 40))
        {
            using var reader = new CopyRows(new Pieces(Encoding.UTF8.GetBytes(script), pieces));
            var read = new List<string>();
            while (reader.ReadStatement() is { } statement)
            {
                read.Add(statement);
                if (CopyTarget.LoadsRows(statement))
                    read.Add(Encoding.UTF8.GetString(ReadAll(reader, 5)));
            }
            Assert.Equal(expected, read);
        }
    }

    /// <summary>Rows of a table that was not asked for, or that only some were read of, are no statements.</summary>
    [Fact]
    public void What_is_left_of_rows_is_passed_over()
    {
        using var reader = new CopyRows(
            new Pieces(Encoding.UTF8.GetBytes("COPY a FROM stdin;\nCOPY b FROM stdin;\n'\n\\.\n\nCOPY c FROM stdin;\n\\.\n"), 3));

        Assert.Equal("COPY a FROM stdin;", reader.ReadStatement());
        reader.CopyTo(Stream.Null);
        Assert.Equal("COPY c FROM stdin;", reader.ReadStatement());
        reader.CopyTo(Stream.Null);
        Assert.Null(reader.ReadStatement());
    }

    [Fact]
    public async Task Pg_restore_gives_the_same_rows()
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true);
        await using var backup = await StoredBackup.OpenAsync(BackupHandles.Of(await vault.BackUpWellAsync(), vault.Config), null, default);
        await using var archive = await backup.OpenArchiveAsync(default);
        var tables = new ArchiveReader(archive, default).Head.Entries.Where(e => e.IsTableData && e.Name != "users").ToList();
        var (ours, theirs) = (new Dictionary<string, byte[]>(), new Dictionary<string, byte[]>());

        await TableData.ReadAsync(backup, servers.Tools, tables, Into(ours), default);
        var missing = await TableData.FromScriptAsync(backup, servers.Tools, tables, Into(theirs), default);

        Assert.Empty(missing);
        Assert.Equal(tables.Select(t => t.Key).Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(ours, theirs);

        static OnTableRows Into(Dictionary<string, byte[]> rows) => (table, stream) =>
        {
            rows.Add(table.Key, ReadAll(stream, 5000));
            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task Rows_are_counted_without_looking_inside_too_also_of_partitions_that_share_a_statement()
    {
        await using var vault = await Vault.CreateAsync(servers);
        await vault.Server.ExecuteAsync("""
            CREATE TYPE kind AS ENUM ('a', 'b', 'c', 'd');
            CREATE TABLE hashed (k kind, n int) PARTITION BY HASH (k);
            CREATE TABLE hashed_even PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE hashed_odd PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            INSERT INTO hashed SELECT unnest(enum_range(NULL::kind)), n FROM generate_series(1, 10) n;
            CREATE TABLE "of
            several
            lines" ("a
            b" int);
            INSERT INTO "of
            several
            lines" SELECT generate_series(1, 3);
            """);
        await using var backup = await StoredBackup.OpenAsync(BackupHandles.Of(await vault.BackUpWellAsync(), vault.Config), null, default);
        await using var archive = await backup.OpenArchiveAsync(default);
        var head = new ArchiveReader(archive, default).Head;

        var rows = await IntegrityCheck.CountByScriptAsync(backup, head, vault.Config.Tools, default);

        Assert.Contains(head.Entries.Where(e => e.IsTableData).GroupBy(CopyTarget.InScript), g => g.Count() == 2);
        Assert.Empty(new ArchiveContent(rows, backup.Manifest.Fingerprint.LargeObjects.Count).DifferencesFrom(backup.Manifest.Fingerprint));
    }

    static byte[] ReadAll(Stream stream, int atOnce)
    {
        using var all = new MemoryStream();
        stream.CopyTo(all, atOnce);
        return all.ToArray();
    }

    /// <summary>Gives no more than a few bytes at once, as pipes may.</summary>
    sealed class Pieces(byte[] content, int length) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, length));
    }
}
