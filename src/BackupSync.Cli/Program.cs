using BackupSync.Cli;

ProcessSecrets.Keep();
using var interruption = new Interruption();
return await CommandLine.RunAsync(args, interruption.Token);
