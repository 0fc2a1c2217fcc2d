using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Cli.Inputs;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>verify</c>: hash and form of stored blocks, proved again.</summary>
internal static class VerifyVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to check, or Parquet files by 'export'.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var all = new Option<bool>("--all") { Description = "All batches in the store." };
        Option<double?> sample = Sample();
        Option<int?> seed = Verb.Number("--seed", 0, "The seed of --sample. Default: a new one for each run.");
        var verb = new Verb("verify",
            "Hash blocks again and check that they are canonical. The output is CID  ok, or CID and the fault. Exit " +
            "code 4 if the bytes of a block do not match its CID; the store records the damage. Of a Parquet file " +
            "by 'export', the row groups are checked, and the first column that differs is named. With --from, each " +
            "source and the store are checked separately: CID  SOURCE  ok|absent, or the fault.",
            "arrowcid verify CID",
            "arrowcid verify prices.parquet",
            "arrowcid verify --all",
            "arrowcid verify --sample 5%",
            "arrowcid verify CID --from /srv/copy",
            "arrowcid verify --signed @release --signer me.pub")
        {
            cids, store, all, sample, seed, json,
        };
        var from = new FromOptions();
        from.AddTo(verb, withFill: false);
        var signed = new VerifySigned();
        signed.AddTo(verb);
        verb.Validators.Add(result =>
        {
            int ways = (result.GetValue(all) ? 1 : 0) + (result.GetResult(sample) is null ? 0 : 1) +
                (result.GetValue(cids) is { Length: > 0 } ? 1 : 0);
            if (ways != 1) result.AddError("Give CIDs, --all or --sample.");
            else if (signed.IsSaid(result) && result.GetValue(cids) is not { Length: > 0 })
                result.AddError("--signed takes CIDs and names.");
        });
        verb.SetAction(parsed =>
        {
            if (signed.IsSaid(parsed))
                return signed.Run(parsed, parsed.GetValue(cids)!, parsed.GetValue(store), parsed.GetValue(json));
            return from.IsSaid(parsed)
                ? VerifyPlaces.Run(parsed, from, parsed.GetValue(cids) ?? [], parsed.GetValue(store),
                    parsed.GetValue(json))
                : Choose(parsed);
        });
        return verb;

        int Choose(ParseResult parsed) => parsed.GetValue(sample) is { } share
            ? RunSample(parsed.GetValue(store), share, parsed.GetValue(seed) ?? Random.Shared.Next(),
                parsed.GetValue(json))
            : Run(parsed.GetValue(cids) ?? [], parsed.GetValue(store), parsed.GetValue(all), parsed.GetValue(json));
    }

    private static Option<double?> Sample() => new("--sample")
    {
        HelpName = "PERCENT",
        Description = "Some batches of the store, drawn at random: 5%. Where there is one at least one is drawn.",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            bool isNumber = double.TryParse(text.AsSpan().TrimEnd('%'), NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out double percent);
            if (isNumber && percent is > 0 and <= 100) return percent / 100;
            result.AddError($"--sample takes more than 0 and at most 100 per cent, such as 5%, not '{text}'.");
            return null;
        },
    };

    /// <summary>The same seed draws the same of the same batches.</summary>
    private static int RunSample(string? directory, double share, int seed, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid[] all = [.. store.List().Select(block => block.Cid).Order()];
        new Random(seed).Shuffle(all);
        int count = (int)Math.Ceiling(all.Length * share);
        CommandError.Say(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {count} of {all.Length} batches"));
        using var output = Output.Open();
        var tally = new Tally(output, json, showsProgress: !Console.IsErrorRedirected);
        foreach (Cid cid in all.AsSpan(0, count))
        {
            // One that went since it was listed was collected, which is no damage.
            if (store.Diagnostics.Verify(cid) is { } result) tally.Add(result);
        }

        tally.End();
        StoreReading.RecordDamage(directory, tally.Damaged);
        return tally.Exit;
    }

    private static int Run(string[] cids, string? directory, bool all, bool json)
    {
        using var output = Output.Open();
        string[] files = Array.FindAll(cids, VerifyParquet.IsFile);
        int exit = 0;
        int inFiles = Input.ForEach(files, file =>
        {
            int one = VerifyParquet.Run(file, output, json);
            if (exit == 0) exit = one;
        });
        if (exit == 0) exit = inFiles;
        if (files.Length > 0 && files.Length == cids.Length) return exit;
        cids = Array.FindAll(cids, text => !VerifyParquet.IsFile(text));
        using CidStore store = StoreReading.Open(directory);
        var tally = new Tally(output, json, showsProgress: all && !Console.IsErrorRedirected);
        if (all)
        {
            foreach (VerifyResult result in store.Diagnostics.VerifyAll()) tally.Add(result);
            tally.End();
        }
        else
        {
            // All texts are judged before the first block is read.
            Cid[] parsed = Array.ConvertAll(cids, text => BlockReference.Resolve(store, text));
            foreach (Cid cid in parsed)
                tally.Add(store.Diagnostics.Verify(cid) ?? throw CommandError.NoBlock(cid.ToString(), store));
        }

        StoreReading.RecordDamage(directory, tally.Damaged);
        return exit != 0 ? exit : tally.Exit;
    }

    /// <summary>Counts results, prints them, and shows on a terminal how far it is.</summary>
    private sealed class Tally(Output output, bool json, bool showsProgress)
    {
        private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(200);

        private readonly long _started = Stopwatch.GetTimestamp();
        private TimeSpan _shown;
        private long _intact, _bytes, _bad;

        public int Exit { get; private set; }

        /// <summary>The blocks whose bytes are damaged.</summary>
        public List<Cid> Damaged { get; } = [];

        public void Add(VerifyResult result)
        {
            if (result.Error is { } error)
            {
                _bad++;
                if (!result.Cid.IsDefault) Damaged.Add(result.Cid);
                if (Exit == 0) Exit = ErrorTable.ExitCode(error.Code);
            }
            else
            {
                _intact++;
                _bytes += result.ByteLength;
            }

            Print(result);
            ShowProgress();
        }

        public void End()
        {
            ClearProgress();
            string text = string.Create(CultureInfo.InvariantCulture,
                $"{_intact} ok, {_bad} damaged, {_bytes} bytes hashed");
            output.Writer.Flush();
            Console.Error.WriteLine(text);
        }

        private void Print(VerifyResult result)
        {
            if (json)
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("cid", result.Cid.ToString());
                    writer.WriteBoolean("isIntact", result.IsIntact);
                    writer.WriteString("location", result.Location);
                    if (result.Error is { } error) writer.WriteString("error", Advice.Of(error));
                });
                return;
            }

            if (result.Error is not null) ClearProgress();
            output.Line($"{result.Cid}  {(result.Error is { } bad ? CommandError.Visible(Advice.Of(bad)) : "ok")}");
        }

        private void ShowProgress()
        {
            if (!showsProgress) return;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
            if (elapsed - _shown < s_pace) return;
            _shown = elapsed;
            Console.Error.Write(
                string.Create(CultureInfo.InvariantCulture, $"\r{_intact + _bad} blocks, {_bytes >> 20} MiB"));
        }

        private void ClearProgress()
        {
            if (showsProgress && _shown != TimeSpan.Zero) Console.Error.Write("\r\e[K");
        }
    }
}
