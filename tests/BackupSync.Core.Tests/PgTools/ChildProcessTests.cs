using System.Text;
using BackupSync.PgTools;

namespace BackupSync.Tests.PgTools;

[Trait("Needs", "nothing")]
public sealed class ChildProcessTests
{
    static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    static ChildCommand Sh(string script, params string[] arguments) => new("/bin/sh", ["-c", script, "sh", .. arguments]);

    [Fact]
    public async Task Output_errors_and_exit_code_are_told()
    {
        var result = await ChildProcess.RunAsync(Sh("echo out; echo 'err ü' >&2; exit 3"), Soon);
        Assert.Equal((3, "out\n", "err ü"), (result.ExitCode, result.Output, result.ErrorTail));
        Assert.True(result.Duration > TimeSpan.Zero);
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] arguments = ["a b", "it's", "\"q\"", "back\\slash\\", "\\\"", "", "$HOME", "ü*"];
        var result = await ChildProcess.RunAsync(Sh("printf '%s\\n' \"$@\"", arguments), Soon);
        Assert.Equal(arguments, result.Output.Split('\n')[..^1]);
    }

    [Fact]
    public async Task Arguments_of_any_characters_arrive_as_they_are()
    {
        const string Characters = "ab \"'\\$`\t\n*?ü\u00A0\u2028";
        var random = new Random(23);
        var arguments = Enumerable.Range(0, 500).Select(_ => new string(random.GetItems<char>(Characters, random.Next(0, 8)))).ToArray();

        var result = await ChildProcess.RunAsync(Sh("printf '%s\\001' \"$@\"", arguments), Soon);

        Assert.Equal(arguments, result.Output.Split('\u0001')[..^1]);
    }

    [Fact]
    public void The_command_line_in_the_log_can_be_pasted_and_holds_no_environment()
    {
        var command = new ChildCommand("/usr/bin/pg_dump", "--schema=a b", "it's", "-Fc", "")
        {
            Environment = new Dictionary<string, string?> { ["PGPASSWORD"] = "secret" },
        };
        Assert.Equal(@"/usr/bin/pg_dump '--schema=a b' 'it'\''s' -Fc ''", command.ToString());
    }

    [Fact]
    public async Task The_environment_is_added_to_and_taken_from_and_messages_are_english()
    {
        var command = Sh("echo \"$ADDED-${PATH:-none}-$LC_ALL-$LC_MESSAGES\"") with
        {
            Environment = new Dictionary<string, string?> { ["ADDED"] = "x", ["PATH"] = null },
        };
        var result = await ChildProcess.RunAsync(command, Soon);
        Assert.StartsWith("x-", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.GetEnvironmentVariable("PATH")!, result.Output, StringComparison.Ordinal);
        Assert.EndsWith("-C-C\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_and_output_flow_at_once_without_filling_the_pipes()
    {
        const int Size = 20_000_000;
        long received = 0;
        var lines = 0;
        var command = Sh("tee /dev/stderr") with
        {
            StandardInput = async (input, ct) =>
            {
                var block = Encoding.ASCII.GetBytes(new string('x', 999) + "\n");
                for (var i = 0; i < Size / block.Length; i++)
                    await input.WriteAsync(block, ct);
            },
            StandardOutput = async (output, ct) =>
            {
                var buffer = new byte[5000];
                int count;
                while ((count = await output.ReadAsync(buffer, ct)) > 0)
                    received += count;
            },
            OnErrorLine = _ => lines++,
        };
        var result = await ChildProcess.RunAsync(command, Soon);
        Assert.Equal((0, Size, Size / 1000), (result.ExitCode, received, lines));
        Assert.InRange(result.ErrorTail.Length, 10_000, 20_000);
    }

    [Fact]
    public async Task A_slow_reader_slows_the_child_instead_of_filling_the_memory()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var command = Sh("head -c 200000000 /dev/zero") with
        {
            StandardOutput = async (output, ct) =>
            {
                await Task.Delay(500, ct);
                // Other tests have memory of their own, for a while.
                await Eventually.IsTrueAsync(
                    () => GC.GetTotalMemory(forceFullCollection: true) - before <= 20_000_000,
                    "what the child writes fills no memory",
                    seconds: 20,
                    pause: 500);
            },
        };
        Assert.Equal(0, (await ChildProcess.RunAsync(command, Soon)).ExitCode);
    }

    [Fact]
    public async Task A_child_that_closes_its_input_early_is_judged_by_its_own_words()
    {
        var command = Sh("echo 'cannot go on' >&2; exit 4") with
        {
            StandardInput = async (input, ct) =>
            {
                for (var i = 0; i < 1000; i++)
                    await input.WriteAsync(new byte[10_000], ct);
            },
        };
        var result = await ChildProcess.RunAsync(command, Soon);
        Assert.Equal((4, "cannot go on"), (result.ExitCode, result.ErrorTail));
    }

    [Fact]
    public async Task A_writer_busy_elsewhere_does_not_outlive_the_child()
    {
        var command = Sh("exit 5") with { StandardInput = (_, ct) => Task.Delay(Timeout.Infinite, ct) };
        Assert.Equal(5, (await ChildProcess.RunAsync(command, Soon)).ExitCode);
    }

    [Fact]
    public async Task A_failing_reader_ends_the_child_and_is_the_cause()
    {
        var command = Sh("yes") with { StandardOutput = (_, _) => throw new IOException("no space left") };
        var e = await Assert.ThrowsAsync<IOException>(() => ChildProcess.RunAsync(command, Soon));
        Assert.Equal("no space left", e.Message);
    }

    [Fact]
    public async Task A_failing_writer_ends_the_child_and_is_the_cause()
    {
        // An IOException as well, which the child itself would cause if it read no more.
        var command = Sh("cat >/dev/null; sleep 60") with { StandardInput = (_, _) => throw new IOException("the disk cannot be read") };
        var e = await Assert.ThrowsAsync<IOException>(() => ChildProcess.RunAsync(command, Soon));
        Assert.Equal("the disk cannot be read", e.Message);
    }

    [Fact]
    public async Task A_writer_that_never_awaits_does_not_keep_the_output_from_being_read()
    {
        const int Size = 5_000_000;
        var command = Sh("cat") with
        {
            StandardInput = (input, _) =>
            {
                input.Write(new byte[Size]);
                return Task.CompletedTask;
            },
        };
        Assert.Equal(Size, (await ChildProcess.RunAsync(command, Soon)).Output.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_dead_child_has_started_does_not_hold_its_pipes_for_us(bool withReader)
    {
        var marker = "57." + Random.Shared.Next(100_000, 999_999);
        var text = "";
        var command = Sh($"sleep {marker} & echo out; echo err >&2; exit 3") with
        {
            StandardOutput = !withReader ? null : async (output, ct) =>
            {
                var buffer = new byte[4];
                await output.ReadExactlyAsync(buffer, ct);
                text = Encoding.ASCII.GetString(buffer);
            },
        };
        try
        {
            var result = await ChildProcess.RunAsync(command, Soon);
            Assert.Equal((3, "out\n", "err"), (result.ExitCode, withReader ? text : result.Output, result.ErrorTail));
        }
        finally
        {
            await ChildProcess.RunAsync(
                new ChildCommand("pkill", "-f", $"^sleep {marker.Replace(".", "\\.", StringComparison.Ordinal)}$"),
                Soon);
        }
    }

    [Fact]
    public async Task A_reader_slower_than_the_child_gets_all_of_it()
    {
        var count = 0;
        var command = Sh("head -c 60000 /dev/zero") with
        {
            StandardOutput = async (output, ct) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(4), ct); // the child is gone for longer than silent pipes are waited for
                int read;
                while ((read = await output.ReadAsync(new byte[8192], ct)) > 0)
                    count += read;
            },
        };
        await ChildProcess.RunAsync(command, Soon);
        Assert.Equal(60_000, count);
    }

    [Fact]
    public async Task A_failing_listener_ends_the_child_and_is_the_cause()
    {
        var command = Sh("echo x >&2; sleep 60") with { OnErrorLine = _ => throw new InvalidOperationException("listener") };
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => ChildProcess.RunAsync(command, Soon));
        Assert.Equal("listener", e.Message);
    }

    [Fact]
    public async Task A_cancelled_child_is_asked_first()
    {
        using var cts = new CancellationTokenSource();
        var lines = new List<string>();
        var command = Sh("trap 'echo asked >&2; exit 0' INT; echo ready >&2; while :; do sleep 0.05; done") with
        {
            OnErrorLine = line =>
            {
                lines.Add(line);
                if (line == "ready")
                    cts.CancelAfter(0);
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ChildProcess.RunAsync(command, cts.Token));
        Assert.Equal(["ready", "asked"], lines);
    }

    [Fact]
    public async Task A_child_that_does_not_listen_is_killed_with_all_it_started()
    {
        using var cts = new CancellationTokenSource();
        var marker = "59." + Random.Shared.Next(100_000, 999_999);
        var command = Sh($"trap '' INT; echo ready >&2; sleep {marker}; sleep {marker}") with { OnErrorLine = _ => cts.CancelAfter(200) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ChildProcess.RunAsync(command, cts.Token));
        await Eventually.IsTrueAsync(
            async () => (await ChildProcess.RunAsync(
                new ChildCommand("pgrep", "-f", $"sleep {marker.Replace(".", "\\.", StringComparison.Ordinal)}$"),
                Soon)).ExitCode == 1,
            "the child's own child is gone");
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => ChildProcess.RunAsync(new ChildCommand("/nowhere/pg_dump"), Soon));
        Assert.Equal(ErrorIds.ToolMissing, e.ErrorId);
        Assert.Contains("/nowhere/pg_dump", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_is_a_conversation()
    {
        await using var session = ChildSession.Start(Sh("while read line; do echo \"got $line\"; done; exit 7"));
        using var reader = new StreamReader(session.StandardOutput);
        foreach (var word in (string[])["one", "two"])
        {
            await session.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(word + "\n"));
            Assert.Equal("got " + word, await reader.ReadLineAsync(Soon));
        }
        session.StandardInput.Close();
        Assert.Null(await reader.ReadLineAsync(Soon));
        Assert.Equal(7, await session.Completion.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_session_whose_child_ends_tells_its_last_words()
    {
        await using var session = ChildSession.Start(Sh("read line; echo \"last $line\"; echo why >&2; exit 4"));
        using var reader = new StreamReader(session.StandardOutput);
        await session.StandardInput.WriteAsync("word\n"u8.ToArray());
        Assert.Equal("last word\n", await reader.ReadToEndAsync(Soon));
        Assert.Equal((4, "why"), (await session.Completion.WaitAsync(Soon), session.ErrorTail));
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (var i = 0; i < 2; i++)
                await session.StandardInput.WriteAsync("nobody reads\n"u8.ToArray());
        });
    }

    [Fact]
    public async Task A_session_left_alone_ends_with_its_owner()
    {
        var session = ChildSession.Start(Sh("yes"));
        await session.DisposeAsync();
        Assert.NotEqual(0, await session.Completion.WaitAsync(Soon));
    }
}
