using System.Text;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>A short message to each number; who has it already is not sent it again for the sake of others.</summary>
sealed class TwilioSender(TwilioConfig config, TimeProvider clock) : IAlertSender
{
    /// <summary>In UTF-16 units: a few parts, of which each is paid for. Twilio takes 1,600.</summary>
    internal const int MostText = 450;

    public async Task<string?> SendAsync(AlertMessage message, CancellationToken cancellationToken)
    {
        var reached = message.Reached.ToList();
        foreach (var to in config.To.Except(message.Reached).ToList())
        {
            try
            {
                await HttpSender.PostAsync(PayloadFor(to, message), clock, cancellationToken);
                reached.Add(to);
            }
            catch (ConfigurationException e)
            {
                throw new ChannelException(e.Problems[0].Message, e) { IsLasting = true };
            }
            catch (ChannelException e)
            {
                throw new ChannelException(e.Message, e) { RetryAfter = e.RetryAfter, IsLasting = e.IsLasting, Reached = reached };
            }
        }
        return null;
    }

    internal HttpPayload PayloadFor(string to, AlertMessage message)
    {
        var token = config.Token!.Value.Reveal();
        var account = Uri.EscapeDataString(config.Account);
        var text = AlertText.Cut(message.FirstLine, MostText);
        var form = string.Join('&', new[] { ("To", to), ("From", config.From), ("Body", text) }
            .Select(f => $"{f.Item1}={Uri.EscapeDataString(f.Item2)}"));
        var server = config.Server.GetLeftPart(UriPartial.Authority);
        return new HttpPayload($"{server}/2010-04-01/Accounts/{account}/Messages.json", form, token)
        {
            ContentType = "application/x-www-form-urlencoded",
            Headers = [("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{config.Account}:{token}"))}")],
        };
    }
}
