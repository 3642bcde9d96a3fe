namespace BackupSync.Failover;

/// <summary>What leads clients, as failover needs it.</summary>
interface IGuidedProxy
{
    /// <summary>Leads to a side until then; after that it refuses by itself.</summary>
    /// <param name="until">By the timestamps of the proxy's clock.</param>
    Task LeadAsync(FailoverSide side, long until);

    /// <summary>Lets clients wait, as long as the proxy lets them.</summary>
    Task HoldAsync();
}

/// <summary>Gets a proxy its permits. A step is due several times within the length of a permit.</summary>
sealed class ProxyKeeper(IFailoverWitness witness, IGuidedProxy proxy, FailoverSettings settings, TimeProvider clock)
{
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        // From when it was asked for: the witness counts from when that reached it, and so never lets go earlier than this proxy does.
        var until = clock.GetTimestamp() + (long)(settings.Permit.TotalSeconds * clock.TimestampFrequency);
        try
        {
            if (await witness.PermitAsync(settings.Permit, cancellationToken) is { } side)
                await proxy.LeadAsync(side, until);
            else
                await proxy.HoldAsync();
        }
        catch (NoAnswerException)
        {
            // What was permitted runs out by itself.
        }
    }
}
