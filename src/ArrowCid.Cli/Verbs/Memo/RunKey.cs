using System.Globalization;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>The key of a command.</summary>
internal static class RunKey
{
    private const string Arguments = "argv";

    /// <summary>Makes the key: an argument that is a file or directory counts by its contents.</summary>
    public static CallKey Of(string[] words, string version, Dictionary<string, IpldNode> parameters,
        IReadOnlyDictionary<string, Cid> inputs, IReadOnlyDictionary<string, string?> environment)
    {
        string function = Path.GetFileName(words[0]);
        bool isKnown = false;
        var nodes = new IpldNode[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            // A program without a slash is found by the PATH, and never in the working directory.
            bool mayBeFile = words[i].Length > 0 && (i > 0 || words[i].Contains('/', StringComparison.Ordinal));
            Cid? content = mayBeFile ? FileTree.Of(words[i]) : null;
            nodes[i] = content is { } cid ? IpldNode.Bytes(cid.ToBytes()) : IpldNode.Text(words[i]);
            if (content is null || isKnown || !File.Exists(words[i])) continue;
            (function, isKnown) = (Path.GetFileName(words[i]), true);
        }

        if (!parameters.TryAdd(Arguments, IpldNode.List(nodes)))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the argument '{Arguments}' is the command itself; use another name");
        }

        return CallKey.Create(function, version, parameters, inputs, environment);
    }

    /// <summary>Prints the key, and what differs from the last run.</summary>
    public static int Explain(CidStore store, CallKey key)
    {
        using var output = Output.Open();
        StoredResult? known = MemoTable.Find(store, key.Cid);
        output.Line($"{key.Cid}  {(known is null ? "miss" : "hit")}");
        output.Line(JsonText.Format(key.ToNode()));
        if (known is not null) return 0;
        MemoEntry? last = MemoTable.List(store).Where(entry => entry.Key?.Function == key.Function)
            .MaxBy(entry => entry.Time);
        if (last is null)
        {
            output.Line($"'{CommandError.Visible(key.Function)}' has no result yet");
            return 0;
        }

        output.Line($"differs from the run of {ListVerb.Time(last.Time)}:");
        foreach (string line in Differences(key.ToNode(), last.Key!.ToNode(), "")) output.Line($"  {line}");
        return 0;
    }

    private static IEnumerable<string> Differences(IpldNode now, IpldNode before, string path)
    {
        foreach (string name in now.Entries.Concat(before.Entries).Select(pair => pair.Key).Distinct())
        {
            IpldNode? one = now[name], other = before[name];
            if (one is not null && other is not null && one.Equals(other)) continue;
            string at = path.Length == 0 ? name : $"{path}.{name}";
            if (path.Length == 0 && one is { Kind: IpldKind.Map } && other is { Kind: IpldKind.Map })
            {
                foreach (string line in Differences(one, other, at)) yield return line;
                continue;
            }

            yield return CommandError.Visible(string.Create(CultureInfo.InvariantCulture,
                $"{at}: {Shown(one)}, and was {Shown(other)}"));
        }
    }

    private static string Shown(IpldNode? node) => node is null ? "absent" : JsonText.Format(node);
}
