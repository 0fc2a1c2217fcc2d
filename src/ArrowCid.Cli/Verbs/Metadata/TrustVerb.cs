using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>trust</c>: which keys have to sign which blocks.</summary>
internal static class TrustVerb
{
    public static Command Make() => new Verb("trust",
        "Set which keys have to sign which blocks. A block that a rule covers and no key of the rule signed cannot " +
        "be read, exported, served or imported, or is read with a warning. The error names the rule. Several rules " +
        "for the same filter are alternatives. The rules are kept in the store.",
        "arrowcid trust add me.pub --for 'name ~ \"prices/*\"' --policy refuse",
        "arrowcid trust ls")
    {
        MakeAdd(), MakeList(), MakeRemove(), MakeRevoke(),
    };

    private static Verb MakeAdd()
    {
        Argument<string> key = KeyText();
        var filter = new Option<string>("--for")
        {
            HelpName = "FILTER",
            Required = true,
            Description = "The blocks that need a signed statement by the key.",
        };
        var policy = new Option<string>("--policy")
        {
            Description = "What happens to a block without one: refuse, or warn.",
            DefaultValueFactory = _ => "refuse",
        };
        policy.AcceptOnlyFromAmong("refuse", "warn");
        Option<DateTimeOffset?> from = Time("--from", "The first time that a statement may have."),
            until = Time("--until", "The time when the key expires; later statements do not count.");
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        var verb = new Verb("add",
            "Add a rule, or change the one of this key and filter. With --dry-run the output is the blocks that the " +
            "rule would refuse or warn of, one CID per line.",
            "arrowcid trust add me.pub --for 'name ~ \"prices/*\"' --policy refuse",
            "arrowcid trust add me.pub --for 'kind = batch and tag.env = prod' --policy warn --until 2027-12-31")
        {
            key, filter, policy, from, until, dryRun, store,
        };
        verb.SetAction(parsed =>
        {
            var rule = new TrustRule
            {
                Key = KeyVerb.PublicOf(parsed.GetValue(key)!).Text,
                Filter = Filter.Parse(parsed.GetValue(filter)!).ToString(),
                Policy = parsed.GetValue(policy) == "warn" ? TrustPolicy.Warn : TrustPolicy.Refuse,
                From = parsed.GetValue(from),
                Until = parsed.GetValue(until),
            };
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            if (!parsed.GetValue(dryRun))
            {
                opened.Signatures.Trust.Add(rule);
                return 0;
            }

            TrustRule[] rules = [.. opened.Signatures.Trust.List()
                .Where(other => other.Key != rule.Key || other.Filter != rule.Filter), rule];
            using var output = Output.Open();
            foreach (StoredEntry entry in opened.Query(Filter.Parse(rule.Filter)))
            {
                if (opened.Signatures.Trust.Judge(entry, rules).Rule is not null) output.Line(entry.Cid.ToString());
            }

            return 0;
        });
        return verb;
    }

    private static Verb MakeList()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "List the rules and the revoked keys. The output is KEY  refuse|warn  FILTER and the times of the rule, " +
            "or KEY  revoked and since when.",
            "arrowcid trust ls",
            "arrowcid trust ls --json")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using var output = Output.Open();
            foreach (TrustRule rule in opened.Signatures.Trust.List()) Print(output, rule, parsed.GetValue(json));
            foreach (RevokedKey key in opened.Signatures.Trust.ListRevoked())
                Print(output, key, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static Verb MakeRemove()
    {
        Argument<string> key = KeyText();
        var filter = new Option<string?>("--for")
        {
            HelpName = "FILTER",
            Description = "The filter of the rule. Default: all rules of the key.",
        };
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        var verb = new Verb("rm",
            "Remove the rules of a key. Blocks that only these rules refused can be read again.",
            "arrowcid trust rm me.pub",
            "arrowcid trust rm me.pub --for 'name ~ \"prices/*\"'")
        {
            key, filter, dryRun, store,
        };
        verb.SetAction(parsed =>
        {
            string id = KeyVerb.PublicOf(parsed.GetValue(key)!).Text;
            string? text = parsed.GetValue(filter) is { } given ? Filter.Parse(given).ToString() : null;
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            bool isThere = opened.Signatures.Trust.List()
                .Any(rule => rule.Key == id && (text is null || rule.Filter == text));
            if (!isThere) throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no such rule of {id}");
            if (!parsed.GetValue(dryRun)) _ = opened.Signatures.Trust.Remove(id, text);
            return 0;
        });
        return verb;
    }

    private static Verb MakeRevoke()
    {
        Argument<string> key = KeyText();
        Option<DateTimeOffset?> since = Time("--since",
            "Only statements from this time on stop to count, by the time that their signer wrote. Default: all, as " +
            "for a key that another person may have.");
        Option<string?> store = Verb.Store();
        var verb = new Verb("revoke",
            "Revoke a key: its statements no longer count for any rule. Blocks that only it signed are then refused " +
            "where a rule covers them.",
            "arrowcid trust revoke old.pub",
            "arrowcid trust revoke old.pub --since 2026-11-01")
        {
            key, since, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            opened.Signatures.Trust.Revoke(KeyVerb.PublicOf(parsed.GetValue(key)!).Text, parsed.GetValue(since));
            return 0;
        });
        return verb;
    }

    private static Argument<string> KeyText() =>
        Verb.File("KEY", "A public key, as a file in PEM or its id p256:….");

    private static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        HelpName = "TIME",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (Filter.TryParseTime(text, out DateTimeOffset time)) return time;
            result.AddError($"{name} takes a date or time such as 2027-12-31, not '{text}'.");
            return null;
        },
    };

    private static void Print(Output output, TrustRule rule, bool json)
    {
        string policy = rule.Policy == TrustPolicy.Refuse ? "refuse" : "warn";
        if (!json)
        {
            string from = rule.From is { } begin ? $"  from {ListVerb.Time(begin)}" : "";
            string until = rule.Until is { } end ? $"  until {ListVerb.Time(end)}" : "";
            output.Line($"{rule.Key}  {policy}  {CommandError.Visible(rule.Filter)}{from}{until}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("key", rule.Key);
            writer.WriteString("policy", policy);
            writer.WriteString("filter", rule.Filter);
            writer.WriteString("from", rule.From is { } begin ? ListVerb.Time(begin) : null);
            writer.WriteString("until", rule.Until is { } end ? ListVerb.Time(end) : null);
        });
    }

    private static void Print(Output output, RevokedKey key, bool json)
    {
        if (!json)
        {
            output.Line($"{key.Key}  revoked{(key.Since is { } time ? $"  since {ListVerb.Time(time)}" : "")}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("key", key.Key);
            writer.WriteBoolean("isRevoked", true);
            writer.WriteString("since", key.Since is { } time ? ListVerb.Time(time) : null);
        });
    }
}
