using System.CommandLine;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>channel</c>: logs of messages that several writers and stores share.</summary>
internal static class ChannelVerb
{
    /// <summary>The exit code where messages are missing.</summary>
    public const int ExitOfMissing = 3;

    /// <summary>The exit code where a retry may help.</summary>
    public const int ExitOfWait = 7;

    public static Command Make() => new Verb("channel",
        "Publish and read messages that several writers and stores share. Every reader gets each message once, after " +
        "all that it follows. Stores are brought into step by 'serve' with the peers of a channel, by 'channel " +
        "sync', or by files.",
        "arrowcid channel create telemetry --open",
        "arrowcid channel publish telemetry @latest",
        "arrowcid channel tail telemetry --from oldest --json")
    {
        ChannelSetupVerbs.MakeCreate(), ChannelPeerVerbs.MakeJoin(), ChannelSetupVerbs.MakeList(),
        ChannelSetupVerbs.MakeStatus(),
        ChannelWriteVerbs.MakePublish(), ChannelReadVerbs.MakeTail(), ChannelReadVerbs.MakeLog(),
        ChannelReadVerbs.MakeAck(), ChannelWriteVerbs.MakeWriter(), ChannelWriteVerbs.MakeRepair(),
        ChannelCarryVerbs.MakeSync(), ChannelCarryVerbs.MakeExport(), ChannelCarryVerbs.MakeImport(),
        ChannelSdsVerbs.Make(), ChannelPeerVerbs.MakePeers(), ChannelPeerVerbs.MakePeer(), ChannelPeerVerbs.MakeLeave(),
        ChannelSetupVerbs.MakeRemove(),
    };

    public static Argument<string> NameText() => Verb.File("NAME", "The name of the channel, or its id.");

    public static Option<string?> KeyFile(string description) =>
        new("--key") { HelpName = "FILE", Description = description };

    public static SigningKey? Load(string? path) => path is null ? null : SigningKey.Load(path);

    /// <summary>The fields of a message.</summary>
    public static void Print(Output output, ChannelMessage message, bool json)
    {
        if (json)
        {
            output.JsonLine(writer => ChannelJson.Write(writer, message));
        }
        else
        {
            output.Line($"{message.Cid}  {ListVerb.Time(message.At)}  {message.Writer[..12]}  {Text(message)}" +
                (message.IsLate ? "  late" : ""));
        }

        output.Writer.Flush();
    }

    private static string Text(ChannelMessage message)
    {
        if (message.NewWriters is { } keys) return $"writers {string.Join(',', keys.Select(key => key.Text))}";
        if (message.Bytes is not { } bytes) return string.Join(',', message.Contents);
        bool isText = System.Text.Unicode.Utf8.IsValid(bytes.Span);
        return isText
            ? CommandError.Visible(System.Text.Encoding.UTF8.GetString(bytes.Span))
            : $"0x{Convert.ToHexStringLower(bytes.Span)}";
    }
}
