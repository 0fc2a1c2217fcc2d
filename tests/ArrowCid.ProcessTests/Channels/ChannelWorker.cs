using System.Globalization;

namespace ArrowCid.ProcessTests;

/// <summary>Workers that publish, consume and exchange messages of a channel.</summary>
internal static class ChannelWorker
{
    public const string Name = "telemetry";

    /// <summary>channel-publish DIRECTORY COUNT: publishes messages, and prints the id of each once it was
    /// returned.</summary>
    public static int Publish(string[] arguments)
    {
        using CidStore store = Open(arguments[0]);
        using var channel = MessageChannel.Open(store, Name);
        for (int i = 0; i < Number(arguments[1]); i++) Say($"{channel.PublishBytes(Guid.NewGuid().ToByteArray())}");
        return 0;
    }

    /// <summary>channel-consume DIRECTORY: receives messages until there is none, prints the id of each, acknowledges it, and
    /// says so.</summary>
    public static int Consume(string[] arguments)
    {
        using CidStore store = Open(arguments[0]);
        using var channel = MessageChannel.Open(store, Name);
        using ChannelConsumer consumer = channel.OpenConsumer("etl");
        while (consumer.Receive(TimeSpan.Zero) is { } message)
        {
            Say($"got {message.Cid}");
            consumer.Ack(message.Cid);
            Say($"acked {message.Cid}");
        }

        return 0;
    }

    /// <summary>channel-exchange DIRECTORY OTHER: brings a channel into step with the same one of another
    /// store.</summary>
    public static int Exchange(string[] arguments)
    {
        using CidStore store = Open(arguments[0]), other = Open(arguments[1]);
        using MessageChannel channel = MessageChannel.Open(store, Name), theirs = MessageChannel.Open(other, Name);
        _ = channel.Sync.With(theirs);
        return 0;
    }

    public static CidStore Open(string directory) =>
        CidStore.Open(directory, new CidStoreOptions { Capacity = 256 << 20, Timeout = TimeSpan.FromSeconds(30) });

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
