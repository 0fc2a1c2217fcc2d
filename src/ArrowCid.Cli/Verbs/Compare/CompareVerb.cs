using System.CommandLine;
using System.Globalization;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>compare</c>: which columns of two tables have the same values, by their column CIDs.</summary>
internal static class CompareVerb
{
    public static Command Make()
    {
        Argument<string> a = Verb.File("A", "A file, or a batch or dataset by CID or name; - is standard input.");
        Argument<string> b = Verb.File("B", "The other one; with --at a CID, or a name after @, of the server.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        var all = new Option<bool>("--columns")
        {
            Description = "All columns with their column CIDs. Default: the columns that differ.",
        };
        var at = new Option<string?>("--at")
        {
            HelpName = "URL",
            Description = "A server (http://HOST:8816) that has B: it sends column CIDs only, no data.",
        };
        Option<string?> token = TokenFileOption.Make();
        var verb = new Verb("compare",
            "Compare the columns of two tables by their column CIDs. A column CID is the hash of the values, " +
            "whatever their encoding. The output is NAME  same|differs|A only|B only. Exit code 0 if both have the " +
            "same columns and values, else 8.",
            "arrowcid compare monday.parquet @prices",
            "arrowcid compare @prices CID --columns",
            "arrowcid compare @prices @prices --at http://lab:8816 --columns")
        {
            a, b, all, at, token, store, json, drop,
        };
        var text = new RowOptions();
        text.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using var sides = new DiffSides(parsed.GetValue(store), parsed.GetValue(drop), text.Read(parsed));
            (string nameOfA, string nameOfB) = (parsed.GetValue(a)!, parsed.GetValue(b)!);
            LogicalFingerprint left = Of(sides, nameOfA);
            LogicalFingerprint right;
            if (parsed.GetValue(at) is not { } server)
            {
                right = Of(sides, nameOfB);
            }
            else
            {
                Uri url = TokenFileOption.UrlOf(server, "--at");
                right = await ColumnsOfServer.GetAsync(url, TokenFileOption.Read(parsed.GetValue(token), url), nameOfB,
                    cancel).ConfigureAwait(false);
            }

            using var output = Output.Open();
            Print(output, left, right, parsed.GetValue(all), parsed.GetValue(json));
            return left.Text == right.Text ? 0 : SameVerb.ExitWhereDifferent;
        });
        return verb;
    }

    private static LogicalFingerprint Of(DiffSides sides, string text) =>
        FingerprintHasher.Of(sides.Of(text).Select(part => part.Batch))
        ?? throw new ArrowCidException(ErrorCode.InvalidArgument, $"{text} has no batch, so it has no columns");

    private static void Print(Output output, LogicalFingerprint a, LogicalFingerprint b, bool all, bool json)
    {
        List<KeyValuePair<string, Cid>> free = [.. b.Columns];
        foreach ((string name, Cid cid) in a.Columns)
        {
            int at = free.FindIndex(each => each.Key == name);
            Cid? other = at < 0 ? null : free[at].Value;
            if (at >= 0) free.RemoveAt(at);
            One(name, cid, other);
        }

        foreach ((string name, Cid cid) in free) One(name, null, cid);
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteBoolean("isSame", a.Text == b.Text);
                writer.WriteString("a", a.Text);
                writer.WriteString("b", b.Text);
                writer.WriteNumber("rowsOfA", a.Rows);
                writer.WriteNumber("rowsOfB", b.Rows);
            });
        }
        else
        {
            string word = a.Text == b.Text ? "same" : "different";
            output.Line(string.Create(CultureInfo.InvariantCulture, $"{word}: {a.Rows} rows in A, {b.Rows} in B"));
        }

        void One(string name, Cid? inA, Cid? inB)
        {
            string word = inA == inB ? "same" : inA is null ? "B only" : inB is null ? "A only" : "differs";
            if (!all && word == "same") return;
            if (!json)
            {
                string cids = all ? $"  {inA?.ToString() ?? "-"}  {inB?.ToString() ?? "-"}" : "";
                output.Line($"{CommandError.Visible(name)}  {word}{cids}");
                return;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("column", name);
                writer.WriteBoolean("isSame", inA == inB);
                writer.WriteString("a", inA?.ToString());
                writer.WriteString("b", inB?.ToString());
            });
        }
    }
}
