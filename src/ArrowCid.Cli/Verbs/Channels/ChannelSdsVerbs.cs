using System.Buffers.Binary;
using System.CommandLine;
using ArrowCid.Channels.Sds;
using ArrowCid.Cli.Inputs;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>channel sds</c>: messages of Scalable Data Sync, as bytes and as a bridge.</summary>
internal static class ChannelSdsVerbs
{
    private const int MostBytes = 4 << 20;

    // What sent and received messages of others wait for is looked after so often where nothing comes.
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    public static Verb Make() => new("sds",
        "Speak Scalable Data Sync with participants of nim-sds or @waku/sds. Single messages are wrapped and " +
        "unwrapped, or a channel is bridged. Bytes come on the standard input and go to the standard output; their " +
        "transport is another program.",
        "arrowcid channel sds wrap --as alice --sds-channel lobby --id m1 --state alice.sds < content > message",
        "arrowcid channel sds unwrap --as bob --state bob.sds < message > content",
        "arrowcid channel sds serve lobby --dialect nim --state bridge.sds")
    {
        MakeWrap(), MakeUnwrap(), MakeServe(),
    };

    private static Verb MakeWrap()
    {
        Option<string> participant = Participant("The id of the sender.");
        Option<string?> channel = SdsChannel(isRequired: true);
        var id = new Option<string?>("--id")
        {
            HelpName = "ID",
            Description = "The id of the message, which no other of the channel has. Default: a random one.",
        };
        Option<string?> dialect = Dialect();
        Option<string?> state = State();
        var verb = new Verb("wrap",
            "Wrap the standard input as one message. It goes to the standard output. With --state, it names the " +
            "messages that it follows.",
            "arrowcid channel sds wrap --as alice --sds-channel lobby --id m1 --state alice.sds < content > message")
        {
            participant, channel, id, dialect, state,
        };
        verb.SetAction(parsed =>
        {
            byte[] content = Input.ReadAll("-");
            using SdsFolder? folder = FolderOf(parsed.GetValue(state));
            var sender = new SdsParticipant(parsed.GetValue(participant)!, OptionsOf(parsed.GetValue(dialect), folder));
            byte[] bytes = sender.Wrap(content, parsed.GetValue(id) ?? Guid.NewGuid().ToString("N"),
                parsed.GetValue(channel)!);
            using Stream output = Output.OpenStream();
            output.Write(bytes);
            return 0;
        });
        return verb;
    }

    private static Verb MakeUnwrap()
    {
        Option<string> participant = Participant("The id of the receiver.");
        Option<string?> dialect = Dialect();
        Option<string?> state = State();
        Option<bool> json = Verb.Json();
        var verb = new Verb("unwrap",
            "Unwrap one message from the standard input. The contents that it delivers, its own and those that " +
            "waited for it, are written to the standard output, dependencies first. Exit code 3 where it waits for " +
            "others.",
            "arrowcid channel sds unwrap --as bob --state bob.sds < message > content",
            "arrowcid channel sds unwrap --as bob --state bob.sds --json < message")
        {
            participant, dialect, state, json,
        };
        verb.SetAction(parsed =>
        {
            byte[] bytes = Input.ReadAll("-");
            using SdsFolder? folder = FolderOf(parsed.GetValue(state));
            var delivered = new List<SdsMessage>();
            var receiver = new SdsParticipant(parsed.GetValue(participant)!,
                OptionsOf(parsed.GetValue(dialect), folder) with
                {
                    OnEvent = found =>
                    {
                        if (found is { Kind: SdsEventKind.Delivered, Message: { } message }) delivered.Add(message);
                    },
                });
            SdsReceived received = receiver.Unwrap(bytes);
            if (parsed.GetValue(json)) PrintJson(received, delivered);
            else Write(received, delivered);
            return received.Receipt == SdsReceipt.Waiting ? ChannelVerb.ExitOfMissing : 0;
        });
        return verb;
    }

    private static Verb MakeServe()
    {
        Argument<string> name = ChannelVerb.NameText();
        Option<string?> dialect = Dialect(), channel = SdsChannel(isRequired: false), state = State();
        var participant = new Option<string?>("--as")
        {
            HelpName = "ID",
            Description = "The id of the bridge in the SDS channel. Default: the participant's id in the channel.",
        };
        Option<string?> key = ChannelVerb.KeyFile("The key of a writer. A channel that is open needs none.");
        var oldest = new Option<bool>("--from-oldest")
        {
            Description = "A bridge that never ran also carries what is in the channel already.",
        };
        Option<string?> store = Verb.Store();
        var verb = new Verb("serve",
            "Bridge a channel with one of Scalable Data Sync, until the standard input ends. SDS messages come on " +
            "the standard input and go to the standard output, each with its length in front as a little-endian u32.",
            "arrowcid channel sds serve lobby --dialect nim --state bridge.sds",
            "arrowcid channel sds serve orders --key bridge.key --sds-channel orders --as bridge --state bridge.sds")
        {
            name, dialect, channel, participant, state, key, oldest, store,
        };
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using SigningKey? signing = ChannelVerb.Load(parsed.GetValue(key));
            using var own = MessageChannel.Open(opened, parsed.GetValue(name)!, signing);
            using SdsFolder? folder = FolderOf(parsed.GetValue(state));
            using Stream input = Console.OpenStandardInput(), output = Output.OpenStream();
            var gate = new Lock();
            using var bridge = new SdsBridge(own, new SdsBridgeOptions
            {
                Send = bytes =>
                {
                    lock (gate) WriteFrame(output, bytes.Span);
                },
                ParticipantId = parsed.GetValue(participant),
                ChannelId = parsed.GetValue(channel),
                Sds = OptionsOf(parsed.GetValue(dialect), folder),
                FromOldest = parsed.GetValue(oldest),
            });
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task carrying = bridge.RunAsync(s_interval, end.Token);
            // What carries fails ends the reading too.
            _ = carrying.ContinueWith(_ => end.Cancel(), TaskScheduler.Default);
            try
            {
                while (await ReadFrame(input, end.Token).ConfigureAwait(false) is { } message) Receive(bridge, message);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // The reason is that of the task.
            }

            await end.CancelAsync().ConfigureAwait(false);
            await carrying.ConfigureAwait(false);
            bridge.Carry();
            return 0;
        });
        return verb;
    }

    private static void Receive(SdsBridge bridge, byte[] message)
    {
        try
        {
            _ = bridge.Receive(message);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.InvalidData)
        {
            CommandError.Say(Advice.Of(e));
        }
    }

    private static void WriteFrame(Stream output, ReadOnlySpan<byte> message)
    {
        Span<byte> head = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(head, message.Length);
        output.Write(head);
        output.Write(message);
        output.Flush();
    }

    private static async Task<byte[]?> ReadFrame(Stream input, CancellationToken cancel)
    {
        var head = new byte[sizeof(int)];
        int read = await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel)
            .ConfigureAwait(false);
        if (read == 0) return null;
        int length = read < head.Length ? -1 : BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 0 or > MostBytes)
            throw new ArrowCidException(ErrorCode.InvalidData, "standard input: messages have their lengths in front");
        var message = new byte[length];
        await input.ReadExactlyAsync(message, cancel).ConfigureAwait(false);
        return message;
    }

    private static void PrintJson(SdsReceived received, List<SdsMessage> delivered)
    {
        using var output = Output.Open();
        foreach (SdsMessage message in delivered)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("id", message.Id);
                writer.WriteString("sender", message.SenderId);
                writer.WriteString("channel", message.ChannelId);
                if (message.Timestamp is { } time) writer.WriteNumber("timestamp", time);
                writer.WriteBase64String("content", message.Content.Span);
            });
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("id", received.Message.Id);
            writer.WriteString("receipt", EnumText.Of(received.Receipt));
            writer.WriteStartArray("missing");
            foreach (SdsHistoryEntry missing in received.Missing) writer.WriteStringValue(missing.MessageId);
            writer.WriteEndArray();
        });
    }

    private static void Write(SdsReceived received, List<SdsMessage> delivered)
    {
        using Stream output = Output.OpenStream();
        foreach (SdsMessage message in delivered) output.Write(message.Content.Span);
        if (received.Missing.Count == 0) return;
        CommandError.Say($"{CommandError.Visible(received.Message.Id)} misses " +
            string.Join(", ", received.Missing.Select(missing => CommandError.Visible(missing.MessageId))));
    }

    private static SdsOptions OptionsOf(string? dialect, SdsFolder? folder) => new()
    {
        Dialect = dialect == "nim" ? SdsDialect.Nim : SdsDialect.Rfc,
        Storage = folder,
    };

    private static SdsFolder? FolderOf(string? path) => path is null ? null : new SdsFolder(path);

    private static Option<string> Participant(string description) => new("--as")
    {
        HelpName = "ID",
        Required = true,
        Description = description,
    };

    private static Option<string?> SdsChannel(bool isRequired) => new("--sds-channel")
    {
        HelpName = "ID",
        Required = isRequired,
        Description = "The SDS channel." + (isRequired ? "" : " Default: the name of the channel."),
    };

    private static Option<string?> State() => new("--state")
    {
        HelpName = "DIR",
        Description = "The directory with the state of the participant, created if it does not exist. Without it, " +
            "the participant knows nothing of earlier messages.",
    };

    private static Option<string?> Dialect()
    {
        var option = new Option<string?>("--dialect")
        {
            Description = "nim for participants of nim-sds, rfc for those of @waku/sds. Default: rfc.",
        };
        option.AcceptOnlyFromAmong("nim", "rfc");
        return option;
    }
}
