using System.Text;

namespace BackupSync.Tests.Fuzz;

/// <summary>What the program prints when it runs in the tests' process: one writer for all, for it keeps the console that it meets first.</summary>
sealed class CommandOutput : IDisposable
{
    static readonly StringBuilder Printed = new();
    static readonly TextWriter Writer = TextWriter.Synchronized(new StringWriter(Printed));

    readonly (TextWriter Out, TextWriter Error) _console = (Console.Out, Console.Error);

    public CommandOutput()
    {
        Console.SetOut(Writer);
        Console.SetError(Writer);
    }

    /// <summary>Since it was cleared.</summary>
    public StringBuilder Text => Printed;

    public void Dispose()
    {
        Console.SetOut(_console.Out);
        Console.SetError(_console.Error);
    }
}
