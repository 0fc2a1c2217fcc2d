using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>verify --from</c>: the store and each place, judged by themselves.</summary>
internal static class VerifyPlaces
{
    public static int Run(ParseResult parsed, FromOptions from, string[] texts, string? directory, bool json)
    {
        if (texts.Length == 0)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "with --from, name CIDs");
        using CidStore? store = StoreReading.TryOpen(directory);
        using BlockPlaces others = from.OpenOthers(parsed, store);
        var each = new List<(string Text, BlockPlaces Place)>();
        try
        {
            foreach ((string, BlockPlaces) one in from.OpenEach(parsed, store)) each.Add(one);
            using var output = Output.Open();
            int exit = 0;
            var damaged = new List<Cid>();
            // All texts are judged before the first block is read.
            foreach (Cid cid in Array.ConvertAll(texts,
                text => store is null ? Cid.Parse(text) : BlockReference.Resolve(store, text)))
            {
                VerifyResult? own = store?.Diagnostics.Verify(cid, others.All);
                if (own?.Error is { Code: ErrorCode.BlockCorrupt }) damaged.Add(cid);
                var results = new List<(string Place, VerifyResult? Result)>();
                if (own is not null) results.Add((store!.Directory, own));
                results.AddRange(each.Select(one => (one.Text, one.Place.Verify(cid))));
                foreach ((string place, VerifyResult? result) in results) Print(output, cid, place, result, json);
                int found = ExitOf(results);
                if (exit is 0 or 3) exit = found == 0 ? exit : found;
            }

            StoreReading.RecordDamage(directory, damaged);
            return exit;
        }
        finally
        {
            foreach ((_, BlockPlaces place) in each) place.Dispose();
        }
    }

    /// <summary>A damaged copy anywhere counts more than any number of whole ones; absence counts where it is
    /// everywhere.</summary>
    private static int ExitOf(List<(string Place, VerifyResult? Result)> results)
    {
        foreach ((_, VerifyResult? result) in results)
        {
            if (result?.Error is { } error) return ErrorTable.ExitCode(error.Code);
        }

        return results.Exists(one => one.Result is not null) ? 0 : ErrorTable.ExitCode(ErrorCode.BlockNotFound);
    }

    private static void Print(Output output, Cid cid, string place, VerifyResult? result, bool json)
    {
        if (!json)
        {
            string verdict = result is not { } one ? "absent"
                : one.Error is { } error ? CommandError.Visible(Advice.Of(error))
                : "ok";
            output.Line($"{cid}  {CommandError.Visible(place)}  {verdict}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteString("place", place);
            writer.WriteBoolean("isPresent", result is not null);
            writer.WriteBoolean("isIntact", result?.IsIntact == true);
            if (result is not { } one) return;
            writer.WriteString("location", one.Location);
            if (one.Error is { } error) writer.WriteString("error", Advice.Of(error));
        });
    }
}
