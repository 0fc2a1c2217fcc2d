using System.CommandLine;
using System.Globalization;
using ArrowCid.Client;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>Verbs of <c>channel</c> that carry messages between stores.</summary>
internal static class ChannelCarryVerbs
{
    public static Verb MakeSync()
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string> other = Verb.File("OTHER", "The directory of the other store, which joins the channel where " +
            "it lacks it, or the URL of a server that has the channel.");
        var only = new Option<bool>("--no-contents")
        {
            Description = "Only the messages, without the blocks that they name.",
        };
        Option<string?> token = TokenFileOption.Make();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("sync",
            "Bring a channel and the same one in another store into step, both ways. From a server, a channel is " +
            "joined by its id. Exit code 3 where messages that neither has stay missing.",
            "arrowcid channel sync telemetry /srv/other",
            "arrowcid channel sync telemetry https://b.example:8816 --token-file t",
            "arrowcid channel sync telemetry grpc://10.0.0.5:8815")
        {
            name, other, only, token, store, json,
        };
        verb.SetAction((parsed, cancel) =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            (string text, string peer, bool withContents) =
                (parsed.GetValue(name)!, parsed.GetValue(other)!, !parsed.GetValue(only));
            ChannelSyncResult result = peer.Contains("://", StringComparison.Ordinal)
                ? WithServer(opened, text, peer, parsed.GetValue(token), withContents, cancel)
                : WithStore(opened, text, peer, withContents, cancel);
            using var output = Output.Open();
            if (parsed.GetValue(json))
            {
                output.JsonLine(writer =>
                {
                    writer.WriteNumber("received", result.Received);
                    writer.WriteNumber("sent", result.Sent);
                    writer.WriteNumber("refused", result.Refused);
                    writer.WriteNumber("contents", result.Contents);
                    writer.WriteNumber("missing", result.Missing);
                });
            }
            else
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{result.Received} in  {result.Sent} out  {result.Contents} blocks in  {result.Missing} missing"));
            }

            return Task.FromResult(result.Missing == 0 ? 0 : ChannelVerb.ExitOfMissing);
        });
        return verb;
    }

    public static Verb MakeExport()
    {
        Argument<string> name = ChannelVerb.NameText();
        var file = new Option<string>("-o", "--output")
        {
            HelpName = "FILE",
            Required = true,
            Description = "The CAR to write.",
        };
        Option<string?> store = Verb.Store();
        var verb = new Verb("export",
            "Write a channel with its messages and their blocks as a CAR. 'channel import' merges it elsewhere. The " +
            "output is the number of blocks.",
            "arrowcid channel export telemetry -o telemetry.car")
        {
            name, file, store,
        };
        verb.SetAction((parsed, cancel) =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            CarExport result;
            using (FileStream car = File.Create(parsed.GetValue(file)!))
                result = channel.Sync.Export(car, cancellationToken: cancel);
            using var output = Output.Open();
            output.Line(result.Blocks.ToString(CultureInfo.InvariantCulture));
            return Task.FromResult(0);
        });
        return verb;
    }

    public static Verb MakeImport()
    {
        Argument<string> file = Verb.File("FILE", "A CAR that 'channel export' wrote.");
        var name = new Option<string?>("--name")
        {
            HelpName = "NAME",
            Description = "The name of a channel that this store does not have yet. Default: its own.",
        };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("import",
            "Merge a channel from a CAR. The output is ID  NAME and the number of messages that are new here.",
            "arrowcid channel import telemetry.car")
        {
            file, name, store, json,
        };
        verb.SetAction((parsed, cancel) =>
        {
            using CidStore opened = CidStore.Open(parsed.GetValue(store), cancellationToken: cancel);
            using FileStream car = File.OpenRead(parsed.GetValue(file)!);
            using var channel = ChannelSync.Import(opened, car, parsed.GetValue(name), null, out long received, cancel);
            using var output = Output.Open();
            if (parsed.GetValue(json))
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("name", channel.Name);
                    writer.WriteString("cid", channel.Cid.ToString());
                    writer.WriteNumber("received", received);
                });
            }
            else
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{channel.Cid}  {CommandError.Visible(channel.Name)}  {received} new"));
            }

            return Task.FromResult(0);
        });
        return verb;
    }

    private static ChannelSyncResult WithStore(CidStore store, string text, string directory, bool withContents,
        CancellationToken cancel)
    {
        using CidStore second = StoreWriting.Open(directory);
        using MessageChannel mine = IsHere(store, text)
            ? MessageChannel.Open(store, text) : JoinFrom(second, store, text);
        using MessageChannel theirs = IsHere(second, mine.Cid.ToString())
            ? MessageChannel.Open(second, mine.Cid.ToString()) : JoinFrom(store, second, mine.Cid.ToString());
        return mine.Sync.With(theirs, withContents, cancel);
    }

    private static ChannelSyncResult WithServer(CidStore store, string text, string url, string? token,
        bool withContents, CancellationToken cancel)
    {
        using ChannelPeer peer = ServerChannels.Open(ChannelPeerVerbs.LocationOf(url, token));
        using MessageChannel mine = IsHere(store, text)
            ? MessageChannel.Open(store, text)
            : ChannelPeerVerbs.Join(store, peer, Cid.Parse(text), null, cancel);
        return mine.Sync.WithPeer(peer, withContents, cancel);
    }

    private static bool IsHere(CidStore store, string text) =>
        MessageChannel.List(store).Any(one => one.Name == text || one.Cid.ToString() == text);

    private static MessageChannel JoinFrom(CidStore from, CidStore to, string text)
    {
        using var channel = MessageChannel.Open(from, text);
        byte[] block = from.Reading.ReadBlock(channel.Cid)!;
        return MessageChannel.Join(to, block, null, null);
    }
}
