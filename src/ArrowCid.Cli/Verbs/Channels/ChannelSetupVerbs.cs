using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary>Verbs of <c>channel</c> that create, list, describe and remove.</summary>
internal static class ChannelSetupVerbs
{
    public static Verb MakeCreate()
    {
        Argument<string> name = Verb.File("NAME", "The name. The store's name channel/NAME points to the channel.");
        var open = new Option<bool>("--open") { Description = "Anybody may write, without a signature too." };
        var writers = new Option<string[]>("--writer")
        {
            HelpName = "KEY",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A key that may write: a file, or its id; may be given several times. Default: that of " +
                "--key.",
        };
        Option<string?> key = ChannelVerb.KeyFile("The key of the only writer, where no --writer is given.");
        var keep = new Option<string>("--keep")
        {
            HelpName = "SPAN",
            Description = "The time for which messages and their contents are kept: a span such as 30d, or all.",
            DefaultValueFactory = _ => "all",
        };
        keep.Validators.Add(result =>
        {
            string text = result.GetValueOrDefault<string>() ?? "";
            if (text != "all" && !(Filter.TryParseSpan(text, out TimeSpan span) && span > TimeSpan.Zero))
                result.AddError($"--keep takes a span of time such as 30d, or all, not '{text}'.");
        });
        Option<int?> contents = Verb.Number("--max-contents", 1, "The maximum number of blocks per message.", 512);
        Option<int?> inline = Verb.Number("--inline", 0,
            "The maximum number of bytes that a message carries itself.", 32_768);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("create",
            "Create a channel. The output is its id, with which others are invited: it decides who may write, and " +
            "cannot change.",
            "arrowcid channel create telemetry --open",
            "arrowcid channel create orders --key me.key --keep 30d",
            "arrowcid channel create orders --writer me.pub --writer other.pub")
        {
            name, open, writers, key, keep, contents, inline, store, json,
        };
        verb.SetAction(parsed =>
        {
            string text = parsed.GetValue(keep)!;
            using SigningKey? own = ChannelVerb.Load(parsed.GetValue(key));
            var options = new ChannelOptions
            {
                IsOpen = parsed.GetValue(open),
                Writers = [.. (parsed.GetValue(writers) ?? []).Select(KeyVerb.PublicOf)],
                Keep = text == "all" || !Filter.TryParseSpan(text, out TimeSpan span) ? null : span,
                MaxContents = parsed.GetValue(contents)!.Value,
                MaxInline = parsed.GetValue(inline)!.Value,
            };
            using CidStore opened = CidStore.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Create(opened, parsed.GetValue(name)!, options, own);
            using var output = Output.Open();
            PrintName(output, channel.Name, channel.Cid, parsed.GetValue(json), isListed: false);
            return 0;
        });
        return verb;
    }

    public static Verb MakeList()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "List the channels of a store. The output is ID  NAME.",
            "arrowcid channel ls", "arrowcid channel ls --json")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var output = Output.Open();
            foreach ((string name, Cid cid) in MessageChannel.List(opened))
                PrintName(output, name, cid, parsed.GetValue(json), isListed: true);
            return 0;
        });
        return verb;
    }

    public static Verb MakeStatus()
    {
        Argument<string> name = ChannelVerb.NameText();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("status",
            "Show the heads, participants and missing messages of a channel.",
            "arrowcid channel status telemetry", "arrowcid channel status telemetry --json")
        {
            name, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using var output = Output.Open();
            if (parsed.GetValue(json)) output.JsonLine(writer => ChannelJson.Write(writer, channel));
            else Print(output, channel);
            return 0;
        });
        return verb;
    }

    public static Verb MakeRemove()
    {
        Argument<string> name = ChannelVerb.NameText();
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        var verb = new Verb("rm",
            "Remove a channel with its messages from this store. Other stores keep theirs. The output is the number " +
            "of messages. Blocks that they named stay until a collection.",
            "arrowcid channel rm telemetry --dry-run", "arrowcid channel rm telemetry")
        {
            name, dryRun, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var channel = MessageChannel.Open(opened, parsed.GetValue(name)!);
            using var output = Output.Open();
            output.Line(channel.Remove(parsed.GetValue(dryRun)).ToString(CultureInfo.InvariantCulture));
            return 0;
        });
        return verb;
    }

    private static void PrintName(Output output, string name, Cid cid, bool json, bool isListed)
    {
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("name", name);
                writer.WriteString("cid", cid.ToString());
            });
            return;
        }

        output.Line(isListed ? $"{cid}  {CommandError.Visible(name)}" : cid.ToString());
    }

    private static void Print(Output output, MessageChannel channel)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        output.Line($"channel       {channel.Cid}");
        output.Line(string.Create(plain,
            $"messages      {channel.Count} delivered, {channel.Waiting} waiting, {channel.Gaps.Count} missing"));
        string kept = channel.Keep is { } keep ? string.Create(plain, $"{keep.TotalDays:0.##}d") : "for ever";
        string writers = channel.Writers is { } keys ? string.Join(' ', keys.Select(key => key.Text)) : "anybody";
        output.Line($"kept          {kept}");
        output.Line($"writers       {writers}");
        foreach (Cid head in channel.Heads) output.Line($"head          {head}");
        foreach (ChannelParticipant one in channel.Participants)
        {
            output.Line(string.Create(plain,
                $"participant   {one.Id[..12]}  {one.Messages} messages  heard {ListVerb.Time(one.LastHeard)}"));
        }

        foreach (string peer in channel.Peers.List()) output.Line($"peer          {CommandError.Visible(peer)}");
        foreach (ChannelGap gap in channel.Gaps)
        {
            output.Line(string.Create(plain,
                $"missing       {gap.Cid}  since {ListVerb.Time(gap.Since)}  {gap.Waiting} wait"));
        }
    }
}
