using System.CommandLine;
using BackupSync;
using BackupSync.Benchmarks;

var size = new Option<string>("--size")
{
    Description = "The database's size on disk, about",
    HelpName = "size",
    DefaultValueFactory = _ => "1GB",
};
var rounds = new Option<int>("--rounds")
{
    Description = "How often each is timed, in turn",
    HelpName = "number",
    DefaultValueFactory = _ => 3,
};
var only = new Option<string>("--only")
{
    Description = "Which to time. Syncing: a (the script), b (pg_dump and pg_restore alone), c (backupsync). Backups, each beside "
        + "PostgreSQL's own: d, e (taking), f, g (checking), h, i (restoring). Incremental syncs: j (full, to compare with), k, l (by "
        + "stamps), m, n (by content), o (upsert of whole tables). A database of many small tables: p (full), q (by stamps), r (by "
        + "content), s (compared), nothing changed. Tables of millions of rows, of which 1,000 have changed: t (by content), u (found "
        + "by hand with psql), with keys that are texts; v, w with numbers. How long a reader of the target waits at most: x (swap), y "
        + "(transaction), z (incremental), A (restore of a table)",
    HelpName = "a,b,c,…",
    DefaultValueFactory = _ => "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,A",
};
var readings = new Option<int>("--readings")
{
    Description = "Rows of the narrow table that incremental syncs are timed with",
    HelpName = "number",
    DefaultValueFactory = _ => 10_000_000,
};
var tables = new Option<int>("--tables")
{
    Description = "Tables of the database of many small ones",
    HelpName = "number",
    DefaultValueFactory = _ => 2_000,
};
var rows = new Option<int>("--rows")
{
    Description = "Rows of the tables of millions",
    HelpName = "number",
    DefaultValueFactory = _ => 5_000_000,
};
var before = new Option<string?>("--before")
{
    Description = "A published earlier version of backupsync, which takes turns with this one on servers of its own",
    HelpName = "folder",
};
size.Validators.Add(result =>
{
    if (!ByteSizes.TryParse(result.GetValue(size)!, out var bytes) || bytes < 10_000_000)
        result.AddError($"--size is {ByteSizes.Allowed}, 10MB at least.");
});
rounds.Validators.Add(result =>
{
    if (result.GetValue(rounds) < 1)
        result.AddError("--rounds is 1 at least.");
});
before.Validators.Add(result =>
{
    if (OurProgram.In(result.GetValue(before)!) is null)
        result.AddError($"--before: there is no backupsync.dll in {result.GetValue(before)}. Publish the version to compare with there.");
});
only.Validators.Add(result =>
{
    if (!Keys(result.GetValue(only)!).All(key => key is [>= 'a' and <= 'z' or 'A']))
        result.AddError("--only is a list of letters from a to z, and A.");
});

var command = new RootCommand("Times backupsync against what it replaces. Exit code 1: a target was missed.")
{
    size, readings, tables, rows, rounds, only, before,
};
command.SetAction(async (parsed, ct) =>
{
    ByteSizes.TryParse(parsed.GetValue(size)!, out var bytes);
    var earlier = parsed.GetValue(before) is { } folder ? OurProgram.In(folder) : null;
    await using var benchmark = await StartAsync(null);
    await using var benchmarkBefore = earlier is null ? null : await StartAsync(earlier);
    var report = await benchmark.RunAsync(parsed.GetValue(rounds), [.. Keys(parsed.GetValue(only)!)], benchmarkBefore, ct);
    report.Write(Console.Out);
    return report.AllReached ? 0 : 1;

    Task<Benchmark> StartAsync(OurProgram? program) =>
        Benchmark.StartAsync(program, bytes, parsed.GetValue(readings), parsed.GetValue(tables), parsed.GetValue(rows), ct);
});
var seconds = new Option<int>("--seconds")
{
    Description = "How long it is watched",
    HelpName = "number",
    DefaultValueFactory = _ => 120,
};
var service = new Command("service", "What the service takes at rest, and how fast it answers. Exit code 1: a target was missed.")
{
    seconds,
};
service.SetAction(async (parsed, ct) =>
    await ServiceBenchmark.RunAsync(TimeSpan.FromSeconds(parsed.GetValue(seconds)), Console.Out, ct) ? 0 : 1);
command.Subcommands.Add(service);

// When interrupted, servers and files still have to go.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

static string[] Keys(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
