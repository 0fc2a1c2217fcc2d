using System.CommandLine;
using ArrowCid.Client;

namespace ArrowCid.Cli.Verbs;

/// <summary>Pins of a pinning service: <c>pin --at</c>, <c>pin ls --at</c> and <c>unpin --at</c>.</summary>
internal sealed class RemotePinning
{
    private const string Flag = "--at";

    private readonly Option<string?> _at = new(Flag)
    {
        HelpName = "URL",
        Description = "The URL of a pinning service (IPFS Pinning Service API); of 'arrowcid serve --pinning' it is " +
            "http://HOST:8816/v1/pinning.",
    };

    private readonly Option<string?> _token = TokenFileOption.Make();

    public void AddTo(Command verb)
    {
        verb.Add(_at);
        verb.Add(_token);
    }

    /// <summary>Opens the client of the service; null where none is named.</summary>
    public PinningClient? Open(ParseResult parsed)
    {
        if (parsed.GetValue(_at) is not { } text)
        {
            return parsed.GetValue(_token) is null
                ? null
                : throw new ArrowCidException(ErrorCode.InvalidArgument, "--token-file needs --at");
        }

        Uri url = TokenFileOption.UrlOf(text, Flag);
        return new PinningClient(url, TokenFileOption.Read(parsed.GetValue(_token), url));
    }

    /// <summary>The CIDs that are meant. A store is opened for names alone.</summary>
    public static Cid[] Resolve(string? directory, string[] texts)
    {
        if (texts.All(text => Cid.TryParse(text, out _, out _))) return Array.ConvertAll(texts, Cid.Parse);
        using CidStore store = StoreReading.OpenForQueries(directory);
        return Array.ConvertAll(texts, text => BlockReference.Resolve(store, text));
    }

    /// <summary>Asks the service for blocks, and waits until each is pinned.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> PinAsync(PinningClient client, Cid[] cids, RemotePinOptions options, bool isWaited,
        bool json, CancellationToken cancel)
    {
        using var output = Output.Open();
        int exit = 0;
        var asked = new List<RemotePin>();
        foreach (Cid cid in cids) asked.Add(await client.AddAsync(cid, options, cancel).ConfigureAwait(false));
        foreach (RemotePin request in asked)
        {
            RemotePin pin = request;
            if (isWaited && pin.Status is RemotePinStatus.Queued or RemotePinStatus.Pinning)
            {
                using var progress = new Progress("");
                try
                {
                    pin = await client.WaitAsync(pin.RequestId, new Shown(progress), cancel).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    progress.Clear();
                    CommandError.Say($"{pin.Cid} is still {Text(pin.Status)}: the request {pin.RequestId} stays there");
                    throw;
                }
            }

            Print(output, pin, json);
            if (pin.Status != RemotePinStatus.Failed) continue;
            string why = pin.Info.GetValueOrDefault("status_details", "the service does not say why");
            CommandError.Say($"{pin.Cid} was not pinned: {why}");
            exit = ErrorTable.ExitCode(ErrorCode.BlockNotFound);
        }

        return exit;
    }

    /// <summary>Lists the requests at the service.</summary>
    public static async Task<int> ListAsync(PinningClient client, RemotePinFilter filter, bool json,
        CancellationToken cancel)
    {
        using var output = Output.Open();
        await foreach (RemotePin pin in client.ListAsync(filter, cancel).ConfigureAwait(false))
            Print(output, pin, json);
        return 0;
    }

    /// <summary>Removes all requests for blocks at the service.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> UnpinAsync(PinningClient client, Cid[] cids, bool json, CancellationToken cancel)
    {
        using var output = Output.Open();
        int exit = 0;
        foreach (Cid cid in cids)
        {
            bool isAny = false;
            var filter = new RemotePinFilter { Cids = [cid] };
            var pins = new List<RemotePin>();
            await foreach (RemotePin pin in client.ListAsync(filter, cancel).ConfigureAwait(false)) pins.Add(pin);
            foreach (RemotePin pin in pins.Where(pin => pin.Cid.ToV1() == cid.ToV1()))
            {
                await client.RemoveAsync(pin.RequestId, cancel).ConfigureAwait(false);
                isAny = true;
            }

            if (isAny)
            {
                PinVerb.Print(output, cid, isPinned: false, json);
                continue;
            }

            CommandError.Say($"no request for {cid} is there; 'arrowcid pin ls --at URL' lists them");
            exit = ErrorTable.ExitCode(ErrorCode.BlockNotFound);
        }

        return exit;
    }

    /// <summary>A status as the API writes it.</summary>
    public static string Text(RemotePinStatus status) => status.ToString().ToLowerInvariant();

    private static void Print(Output output, RemotePin pin, bool json)
    {
        if (!json)
        {
            string name = pin.Name is { } text ? $"  {CommandError.Visible(text)}" : "";
            output.Line($"{pin.Cid}  {Text(pin.Status)}  {CommandError.Visible(pin.RequestId)}{name}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", pin.Cid.ToString());
            writer.WriteString("status", Text(pin.Status));
            writer.WriteString("requestId", pin.RequestId);
            writer.WriteString("name", pin.Name);
            writer.WriteString("created", pin.Created);
            writer.WriteStartObject("info");
            foreach ((string key, string value) in pin.Info) writer.WriteString(key, value);
            writer.WriteEndObject();
            writer.WriteStartArray("delegates");
            foreach (string address in pin.Delegates) writer.WriteStringValue(address);
            writer.WriteEndArray();
        });
    }

    /// <summary>Shows each answer of the service on a terminal.</summary>
    private sealed class Shown(Progress progress) : IProgress<RemotePin>
    {
        public void Report(RemotePin value) => progress.Show(CommandError.Visible(
            $"{Text(value.Status)} {value.Cid}  {value.Info.GetValueOrDefault("status_details")}"));
    }
}
