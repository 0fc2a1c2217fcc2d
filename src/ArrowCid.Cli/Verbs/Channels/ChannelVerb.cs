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
        "all that it follows. Stores are brought into step with 'channel sync', or by files.",
        "arrowcid channel create telemetry --open",
        "arrowcid channel publish telemetry @latest",
        "arrowcid channel tail telemetry --from oldest --json")
    {
        ChannelSetupVerbs.MakeCreate(), ChannelSetupVerbs.MakeList(), ChannelSetupVerbs.MakeStatus(),
        ChannelWriteVerbs.MakePublish(), ChannelReadVerbs.MakeTail(), ChannelReadVerbs.MakeLog(),
        ChannelReadVerbs.MakeAck(), ChannelWriteVerbs.MakeWriter(), ChannelWriteVerbs.MakeRepair(),
        ChannelCarryVerbs.MakeSync(), ChannelCarryVerbs.MakeExport(), ChannelCarryVerbs.MakeImport(),
        ChannelSdsVerbs.Make(), ChannelSetupVerbs.MakeRemove(),
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
            output.JsonLine(writer =>
            {
                writer.WriteString("cid", message.Cid.ToString());
                writer.WriteString("time", ListVerb.Time(message.At));
                writer.WriteString("writer", message.Writer);
                writer.WriteString("run", message.Run);
                writer.WriteNumber("sequence", message.Sequence);
                writer.WriteBoolean("signed", message.IsSigned);
                writer.WriteStartArray("parents");
                foreach (Cid parent in message.Parents) writer.WriteStringValue(parent.ToString());
                writer.WriteEndArray();
                writer.WriteStartArray("contents");
                foreach (Cid content in message.Contents) writer.WriteStringValue(content.ToString());
                writer.WriteEndArray();
                if (message.Bytes is { } bytes) writer.WriteBase64String("bytes", bytes.Span);
                if (message.NewWriters is { } keys)
                {
                    writer.WriteStartArray("writers");
                    foreach (PublicKey key in keys) writer.WriteStringValue(key.Text);
                    writer.WriteEndArray();
                }

                if (message.IsLate) writer.WriteBoolean("late", true);
                if (message.IsAfterLoss) writer.WriteBoolean("afterLoss", true);
                if (message.Deliveries > 0) writer.WriteNumber("deliveries", message.Deliveries);
                writer.WriteString("cursor", message.Cursor.ToString());
            });
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
