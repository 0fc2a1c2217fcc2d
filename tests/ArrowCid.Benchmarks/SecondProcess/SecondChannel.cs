using System.Buffers.Binary;
using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>Reads a channel of a store from the moment when it is ready, or opens it and says what that takes.</summary>
internal sealed class SecondChannel : ISecondRole
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly CidStore _store;
    private MessageChannel? _channel;
    private IEnumerator<ChannelMessage>? _messages;

    public SecondChannel(string directory) =>
        _store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });

    /// <inheritdoc/>
    public string Answer(string what, int count) => what switch
    {
        "begin" => Begin(),
        "wake" => Wake(count),
        "open" => Open(),
        _ => throw new ArrowCidException(ErrorCode.InvalidArgument, what),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _messages?.Dispose();
        _channel?.Dispose();
        _store.Dispose();
    }

    private string Begin()
    {
        _channel = MessageChannel.Open(_store, "bench");
        _messages = _channel.Read(ChannelCursor.Now, s_patience).GetEnumerator();
        return "0";
    }

    /// <summary>Reads N messages, which say at which clock they were published.</summary>
    /// <returns>The p50 of the time from there to here, in seconds.</returns>
    private string Wake(int count)
    {
        var delays = new List<double>(count);
        for (int i = 0; i < count; i++)
        {
            if (!_messages!.MoveNext()) throw new ArrowCidException(ErrorCode.Internal, "nothing was published");
            long now = Stopwatch.GetTimestamp();
            delays.Add(Stopwatch.GetElapsedTime(
                BinaryPrimitives.ReadInt64LittleEndian(_messages.Current.Bytes!.Value.Span), now).TotalSeconds);
        }

        return SecondCommand.Text(Rounds.Median(delays));
    }

    /// <summary>Opens the channel.</summary>
    /// <returns>The seconds that it takes, and the mebibytes of private memory of the process afterwards.</returns>
    private string Open()
    {
        double seconds = Rounds.Seconds(() => _channel = MessageChannel.Open(_store, "bench"));
        if (_channel!.Count == 0) throw new ArrowCidException(ErrorCode.Internal, "an empty channel");
        long kibibytes = File.ReadLines("/proc/self/status").Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
                System.Globalization.CultureInfo.InvariantCulture)).Single();
        return $"{SecondCommand.Text(seconds)} {SecondCommand.Text(kibibytes / 1024.0)}";
    }
}
