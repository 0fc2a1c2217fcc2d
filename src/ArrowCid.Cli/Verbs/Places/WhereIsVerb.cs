using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>whereis</c>: the places that have a block.</summary>
internal static class WhereIsVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to look for.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verify = new Option<bool>("--verify")
        {
            Description = "Each copy is read and hashed. Exit code 4 if one is missing or has other bytes.",
        };
        var verb = new Verb("whereis",
            "List the copies of blocks. The output is CID  here, or CID  PLACE  LOCATION, for each copy that is " +
            "recorded, and its form if that is not the block itself. Exit code 4 if a block has none.",
            "arrowcid whereis @prices",
            "arrowcid whereis CID --verify --json")
        {
            cids, verify, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            bool proves = parsed.GetValue(verify), isJson = parsed.GetValue(json);
            Dictionary<string, BlockPlace> places = opened.Places.List().ToDictionary(place => place.Name);
            using var output = Output.Open();
            bool isWhole = true;
            foreach (string text in parsed.GetValue(cids)!)
            {
                Cid cid = BlockReference.Resolve(opened, text);
                List<(string Name, string? Location, string Form)> copies = [.. CopiesOf(opened, cid, places)];
                if (copies.Count == 0)
                {
                    isWhole = false;
                    CommandError.Say($"no copy of {cid} is known");
                }

                foreach ((string name, string? location, string form) in copies)
                {
                    string? fault = proves ? FaultOf(opened, cid, name) : null;
                    isWhole &= fault is null;
                    Print(output, new Found(cid, name, location, form, proves, fault), isJson);
                }
            }

            return isWhole ? 0 : ErrorTable.ExitCode(ErrorCode.BlockNotFound);
        });
        return verb;
    }

    private static IEnumerable<(string Name, string? Location, string Form)> CopiesOf(CidStore store, Cid cid,
        Dictionary<string, BlockPlace> places)
    {
        if (store.Metadata.Get(cid) is not { } entry) yield break;
        if (entry.IsPresent) yield return (BlockPlace.Here, store.Directory, BlockForm.Block);
        foreach (BlockCopy copy in entry.Copies)
            yield return (copy.Place, places.GetValueOrDefault(copy.Place)?.Location, copy.Form);
    }

    /// <summary>What is wrong with a copy, or null.</summary>
    private static string? FaultOf(CidStore store, Cid cid, string place)
    {
        try
        {
            return store.Places.Prove(cid, place) ? null : "not there";
        }
        catch (ArrowCidException e)
        {
            return Advice.Of(e);
        }
    }

    private static void Print(Output output, Found found, bool json)
    {
        if (!json)
        {
            string where = found.Name == BlockPlace.Here ? found.Name
                : CommandError.Visible($"{found.Name}  {found.Location ?? "(not in the table of places)"}");
            string form = found.Form == BlockForm.Block ? "" : $"  as={CommandError.Visible(found.Form)}";
            string word = !found.IsProved ? ""
                : found.Fault is null ? "  ok"
                : $"  {CommandError.Visible(found.Fault)}";
            output.Line($"{found.Cid}  {where}{form}{word}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", found.Cid.ToString());
            writer.WriteString("place", found.Name);
            writer.WriteString("location", found.Location);
            writer.WriteString("form", found.Form);
            if (!found.IsProved) return;
            writer.WriteBoolean("isProved", found.Fault is null);
            writer.WriteString("error", found.Fault);
        });
    }

    /// <summary>A copy, and what a read of it showed.</summary>
    private sealed record Found(Cid Cid, string Name, string? Location, string Form, bool IsProved, string? Fault);
}
