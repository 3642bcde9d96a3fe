using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using BackupSync.Soak;
using BackupSync.Tests.Soak;

var faults = new Option<int>("--faults") { Description = "How many", HelpName = "number", DefaultValueFactory = _ => 100 };
var seed = new Option<int>("--seed")
{
    Description = "The first one's; each further one has the next",
    HelpName = "number",
    DefaultValueFactory = _ => 1,
};
var run = new Option<SoakRun?>("--run") { Description = "Only in runs of this kind" };
var fault = new Option<SoakFault?>("--fault") { Description = "Only faults of this kind" };
var side = new Option<SoakSide?>("--side") { Description = "On this side" };
var postgres = new Option<string?>("--postgres") 
{
    Description = "The versions of source and target, such as 15,18 [default: all that are installed]", HelpName = "source,target",
};
var tables = new Option<int?>("--tables") { Description = "How many large tables", HelpName = "number" };
var rows = new Option<int?>("--rows") { Description = "Rows of each", HelpName = "number" };
var moment = new Option<double?>("--moment")
{
    Description = "When: 0 for the beginning of the run, 1 for about its end",
    HelpName = "part",
};
var seconds = new Option<double?>("--seconds") { Description = "How long a fault lasts that lasts", HelpName = "seconds" };
var shrink = new Option<double>("--shrink") 
{
    Description = "For how many minutes smaller ones are tried of a fault that was not borne", HelpName = "minutes", DefaultValueFactory =
        _ => 3,
};

var command = new RootCommand(
    "Disturbs runs of backupsync at random, and looks at what has to hold after each. Exit code 1: something did not.")
{
    faults, seed, run, fault, side, postgres, tables, rows, moment, seconds, shrink,
};
command.SetAction(async (parsed, ct) =>
{
    var pairs = parsed.GetValue(postgres)?.Split(',').Select(v => int.Parse(v, CultureInfo.InvariantCulture)).ToArray() is { } asked
        ? [(asked[0], asked[^1])] : SoakServers.Pairs;
    var report = new SoakReport();
    var watch = Stopwatch.StartNew();
    await using (var servers = new SoakServers())
    {
        var runner = new SoakRunner(servers);
        for (var n = 0; n < parsed.GetValue(faults) && !ct.IsCancellationRequested; n++)
        {
            var soak = SoakCase.Draw(parsed.GetValue(seed) + n, pairs, parsed.GetValue(run), parsed.GetValue(fault));
            soak = soak with
            {
                Side = parsed.GetValue(side) ?? soak.Side,
                Tables = parsed.GetValue(tables) ?? soak.Tables,
                Rows = parsed.GetValue(rows) ?? soak.Rows,
                Moment = parsed.GetValue(moment) ?? soak.Moment,
                Seconds = parsed.GetValue(seconds) ?? soak.Seconds,
            };
            var (first, smallest) = await runner.RunAsync(soak, TimeSpan.FromMinutes(parsed.GetValue(shrink)), Console.WriteLine);
            report.Add(first);
            if (smallest is not null)
                Console.WriteLine($"{smallest.Printed}\nThe smallest that fails: {smallest.Case}\n  {smallest.Case.Repeat}");
        }
    }
    report.Write(Console.Out, watch.Elapsed);
    return report.AllBorne ? 0 : 1;
});
// When interrupted, servers and files still have to go.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(3) });
