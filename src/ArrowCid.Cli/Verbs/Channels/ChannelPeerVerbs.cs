using System.CommandLine;
using ArrowCid.Client;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary>Verbs of <c>channel</c> about the servers with which <c>serve</c> keeps a channel in step.</summary>
internal static class ChannelPeerVerbs
{
    private const string TokenFile = "?token-file=";

    public static Verb MakeJoin()
    {
        Argument<string> id = Verb.File("ID", "The id of the channel, which 'channel create' printed.");
        var peer = new Option<string>("--peer")
        {
            HelpName = "URL",
            Required = true,
            Description = "A server that has the channel: grpc://, grpcs:// or https://HOST:PORT.",
        };
        var name = new Option<string?>("--name")
        {
            HelpName = "NAME",
            Description = "The name of the channel in this store. Default: its own.",
        };
        Option<string?> token = TokenFileOption.Make();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("join",
            "Add this store to a channel of a server. What is there comes at once; 'serve' keeps both in step from " +
            "then on. The output is ID  NAME and the number of messages that came.",
            "arrowcid channel join ID --peer https://b.example:8816 --token-file t",
            "arrowcid channel join ID --peer grpc://10.0.0.5:8815 --name telemetry")
        {
            id, peer, name, token, store, json,
        };
        verb.SetAction((parsed, cancel) =>
        {
            var cid = Cid.Parse(parsed.GetValue(id)!);
            string location = LocationOf(parsed.GetValue(peer)!, parsed.GetValue(token));
            using CidStore opened = CidStore.Open(parsed.GetValue(store), cancellationToken: cancel);
            using ChannelPeer other = ServerChannels.Open(location);
            using MessageChannel channel = Join(opened, other, cid, parsed.GetValue(name), cancel);
            channel.Peers.Add(location);
            ChannelSyncResult result = channel.Sync.WithPeer(other, cancellationToken: cancel);
            using var output = Output.Open();
            if (parsed.GetValue(json))
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("name", channel.Name);
                    writer.WriteString("cid", channel.Cid.ToString());
                    writer.WriteNumber("received", result.Received);
                });
            }
            else
            {
                output.Line(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"{channel.Cid}  {CommandError.Visible(channel.Name)}  {result.Received} in"));
            }

            return Task.FromResult(0);
        });
        return verb;
    }

    public static Verb MakeLeave()
    {
        Argument<string> name = ChannelVerb.NameText();
        Option<string?> store = Verb.Store();
        var verb = new Verb("leave",
            "Remove all peers of a channel, which 'serve' keeps in step no longer. Its messages stay; 'channel rm' " +
            "removes them.",
            "arrowcid channel leave telemetry")
        {
            name, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            _ = channel.Peers.Clear();
            return 0;
        });
        return verb;
    }

    public static Verb MakePeers()
    {
        Argument<string> name = ChannelVerb.NameText();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("peers",
            "List the servers with which 'serve' keeps a channel in step. The output is one location per line.",
            "arrowcid channel peers telemetry")
        {
            name, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using var output = Output.Open();
            foreach (string location in channel.Peers.List())
            {
                if (parsed.GetValue(json)) output.JsonLine(writer => writer.WriteString("location", location));
                else output.Line(CommandError.Visible(location));
            }

            return 0;
        });
        return verb;
    }

    public static Command MakePeer() => new Verb("peer",
        "Change the servers with which 'serve' keeps a channel in step.",
        "arrowcid channel peer add telemetry https://b.example:8816 --token-file t",
        "arrowcid channel peer rm telemetry https://b.example:8816")
    {
        MakeAdd(), MakeRemove(),
    };

    /// <summary>A location with the file of its token.</summary>
    public static string LocationOf(string url, string? tokenFile)
    {
        if (!ServerChannels.Matches(url))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"a peer is a URL such as https://HOST:PORT or grpc://HOST:PORT, not '{url}'");
        }

        return tokenFile is null ? url : url + TokenFile + Uri.EscapeDataString(Path.GetFullPath(tokenFile));
    }

    /// <summary>Opens a channel of this store, or joins it by a server.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the server does not have it
    /// either.</exception>
    public static MessageChannel Join(CidStore store, ChannelPeer peer, Cid cid, string? name, CancellationToken cancel,
        SigningKey? key = null)
    {
        foreach ((string known, Cid one) in MessageChannel.List(store))
        {
            if (one == cid) return MessageChannel.Open(store, known, key);
        }

        ReadOnlyMemory<byte> block = peer.ReadFirstBlock(cid, cancel) ??
            throw new ArrowCidException(ErrorCode.BlockNotFound, $"{peer.Name} has no channel {cid}");
        return MessageChannel.Join(store, block, name, key);
    }

    private static Verb MakeAdd()
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string> url = Verb.File("URL", "The server: grpc://, grpcs:// or https://HOST:PORT.");
        Option<string?> token = TokenFileOption.Make();
        Option<string?> store = Verb.Store();
        var verb = new Verb("add",
            "Add a server with which 'serve' keeps a channel in step, both ways.",
            "arrowcid channel peer add telemetry https://b.example:8816 --token-file t")
        {
            name, url, token, store,
        };
        verb.SetAction(parsed =>
        {
            string location = LocationOf(parsed.GetValue(url)!, parsed.GetValue(token));
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            channel.Peers.Add(location);
            return 0;
        });
        return verb;
    }

    private static Verb MakeRemove()
    {
        Argument<string> name = ChannelVerb.NameText();
        Argument<string> url = Verb.File("URL", "The server, as it was added.");
        Option<string?> store = Verb.Store();
        var verb = new Verb("rm",
            "Remove a server with which 'serve' keeps a channel in step.",
            "arrowcid channel peer rm telemetry https://b.example:8816")
        {
            name, url, store,
        };
        verb.SetAction(parsed =>
        {
            string text = parsed.GetValue(url)!;
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            string? known = channel.Peers.List().FirstOrDefault(peer => peer == text ||
                peer.StartsWith(text + TokenFile, StringComparison.Ordinal));
            return known is not null && channel.Peers.Remove(known)
                ? 0
                : throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no peer '{text}'");
        });
        return verb;
    }
}
