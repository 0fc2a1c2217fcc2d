using System.CommandLine;
using System.Text;
using ArrowCid.Client;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary>Verbs of <c>channel</c> that write messages.</summary>
internal static class ChannelWriteVerbs
{
    private const int MaxBytes = 32_768;

    public static Verb MakePublish()
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string[]> cids = Verb.CidTexts("The blocks, one message each:");
        var together = new Option<bool>("--together") { Description = "One message for all blocks." };
        var hints = new Option<string[]>("--hint")
        {
            HelpName = "URL",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A location where the blocks can be read; may be given several times. A block that is not " +
                "stored here needs one.",
        };
        var text = new Option<string?>("--text") { HelpName = "TEXT", Description = "A text instead of blocks." };
        var file = new Option<string?>("--file")
        {
            HelpName = "FILE",
            Description = "The bytes of a file instead of blocks, at most 32,768; - is standard input.",
        };
        Option<string?> key = ChannelVerb.KeyFile("The key of a writer. A channel that is open needs none.");
        Option<int?> acks = Verb.Number("--wait-acks", 1,
            "The number of other participants to wait for. Exit code 7 where the time is over before.");
        Option<TimeSpan?> timeout = Verb.Span("--timeout", "The time to wait for them. Default: 10s.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("publish",
            "Publish blocks, or a text, in a channel. The output is the id of each message.",
            "arrowcid channel publish telemetry @latest",
            "arrowcid channel publish telemetry --text 'the feed is up'",
            "arrowcid channel publish orders CID --key me.key --hint https://b.example:8816")
        {
            name, cids, together, hints, text, file, key, acks, timeout, store, json,
        };
        verb.Validators.Add(result =>
        {
            int kinds = (result.GetValue(cids) is { Length: > 0 } ? 1 : 0) + (result.GetValue(text) is null ? 0 : 1) +
                (result.GetValue(file) is null ? 0 : 1);
            if (kinds != 1) result.AddError("publish takes CIDs, --text, or --file.");
        });
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using SigningKey? own = ChannelVerb.Load(parsed.GetValue(key));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!, own);
            using var output = Output.Open();
            var sent = new List<Cid>();
            if (parsed.GetValue(text) is { } said) sent.Add(channel.PublishBytes(Encoding.UTF8.GetBytes(said)));
            else if (parsed.GetValue(file) is { } path) sent.Add(channel.PublishBytes(ReadAll(path)));
            else
            {
                Cid[] blocks = Array.ConvertAll(parsed.GetValue(cids)!, one => BlockReference.Resolve(opened, one));
                IEnumerable<Cid[]> messages = parsed.GetValue(together)
                    ? [blocks] : blocks.Select(one => new[] { one });
                foreach (Cid[] one in messages) sent.Add(channel.Publish(one, parsed.GetValue(hints)));
            }

            bool isHeard = true;
            foreach (Cid cid in sent)
            {
                if (parsed.GetValue(acks) is { } count)
                {
                    isHeard &= await channel.WaitAcknowledgedAsync(cid, count,
                        parsed.GetValue(timeout) ?? TimeSpan.FromSeconds(10), cancel).ConfigureAwait(false);
                }

                Print(output, channel, cid, parsed.GetValue(json));
            }

            return isHeard ? 0 : ChannelVerb.ExitOfWait;
        });
        return verb;
    }

    public static Command MakeWriter() => new Verb("writer",
        "Change who may write to a channel, by a message.",
        "arrowcid channel writer add orders bob.pub --key me.key",
        "arrowcid channel writer rm orders bob.pub --key me.key")
    {
        MakeWriterChange("add", "Let a key write to a channel. What follows this message is judged by it.",
            isAdded: true),
        MakeWriterChange("rm", "Revoke the right of a key to write. Messages that it wrote beside this one stay.",
            isAdded: false),
    };

    public static Verb MakeRepair()
    {
        Argument<string> name = ChannelVerb.NameText();
        var lost = new Option<string[]>("--lost")
        {
            HelpName = "CID",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A missing message that no store has: in every store, what waits for it is delivered.",
        };
        var from = new Option<string?>("--from")
        {
            HelpName = "URL",
            Description = "A server that is asked. Default: the peers of the channel.",
        };
        Option<string?> token = TokenFileOption.Make();
        Option<string?> key = ChannelVerb.KeyFile("The key of a writer. A channel that is open needs none.");
        Option<string?> store = Verb.Store();
        var verb = new Verb("repair",
            "Fetch the missing messages of a channel from its peers, or declare them lost. The output is one id per " +
            "line. Exit code 3 where messages stay missing.",
            "arrowcid channel repair telemetry",
            "arrowcid channel repair telemetry --from https://b.example:8816",
            "arrowcid channel repair telemetry --lost CID")
        {
            name, lost, from, token, key, store,
        };
        verb.SetAction((parsed, cancel) =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using SigningKey? own = ChannelVerb.Load(parsed.GetValue(key));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!, own);
            if (parsed.GetValue(lost) is { Length: > 0 } cids)
                _ = channel.DeclareLost(Array.ConvertAll(cids, Cid.Parse));
            IEnumerable<string> peers = parsed.GetValue(from) is { } url
                ? [ChannelPeerVerbs.LocationOf(url, parsed.GetValue(token))] : channel.Peers.List();
            foreach (string location in peers)
            {
                if (channel.Gaps.Count == 0) break;
                using ChannelPeer peer = ServerChannels.Open(location);
                _ = channel.Sync.WithPeer(peer, cancellationToken: cancel);
            }

            using var output = Output.Open();
            foreach (ChannelGap gap in channel.Gaps) output.Line(gap.Cid.ToString());
            return Task.FromResult(channel.Gaps.Count == 0 ? 0 : ChannelVerb.ExitOfMissing);
        });
        return verb;
    }

    private static Verb MakeWriterChange(string word, string description, bool isAdded)
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string> writer = Verb.File("KEY", "A file with a key, or the id of a public key.");
        Option<string?> key = ChannelVerb.KeyFile("The key of a present writer.");
        Option<string?> store = Verb.Store();
        var verb = new Verb(word, description + " The output is the id of the message.",
            $"arrowcid channel writer {word} orders bob.pub --key me.key")
        {
            name, writer, key, store,
        };
        verb.SetAction(parsed =>
        {
            PublicKey changed = KeyVerb.PublicOf(parsed.GetValue(writer)!);
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using SigningKey? own = ChannelVerb.Load(parsed.GetValue(key));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!, own);
            PublicKey[] others = [.. (channel.Writers ?? []).Where(one => !one.Equals(changed))];
            using var output = Output.Open();
            output.Line(channel.SetWriters(isAdded ? [.. others, changed] : others).ToString());
            return 0;
        });
        return verb;
    }

    private static byte[] ReadAll(string path)
    {
        using Stream input = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        byte[] bytes = new byte[MaxBytes + 1];
        return bytes[..input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static void Print(Output output, MessageChannel channel, Cid cid, bool json)
    {
        if (!json)
        {
            output.Line(cid.ToString());
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteStartArray("holders");
            foreach (string holder in channel.HoldersOf(cid)) writer.WriteStringValue(holder);
            writer.WriteEndArray();
        });
    }
}
