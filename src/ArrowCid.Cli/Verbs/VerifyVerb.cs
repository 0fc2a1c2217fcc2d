using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>verify</c>: hash and form of stored blocks, proved again.</summary>
internal static class VerifyVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to prove, or Parquet files that claim CIDs.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var all = new Option<bool>("--all") { Description = "Every batch in the store." };
        var verb = new Verb("verify",
            "Hashes blocks again and proves that they are canonical: CID  ok, or CID  and what is wrong. " +
            "Exit code 4 where a block is not what its CID says. Of a Parquet file by 'export' the row groups, and " +
            "the first column that differs.",
            "arrowcid verify CID",
            "arrowcid verify prices.parquet",
            "arrowcid verify --all")
        {
            cids, store, all, json,
        };
        verb.Validators.Add(result =>
        {
            bool isAll = result.GetValue(all);
            if (isAll == (result.GetValue(cids) is { Length: > 0 })) result.AddError("Name CIDs, or say --all.");
        });
        verb.SetAction(parsed => Run(parsed.GetValue(cids) ?? [], parsed.GetValue(store), parsed.GetValue(all),
            parsed.GetValue(json)));
        return verb;
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
            foreach (VerifyResult result in store.VerifyAll()) tally.Add(result);
            tally.End();
        }
        else
        {
            // All texts are judged before the first block is read.
            Cid[] parsed = Array.ConvertAll(cids, text => Reference.Resolve(store, text));
            foreach (Cid cid in parsed) tally.Add(store.Verify(cid) ?? throw Failure.NoBlock(cid.ToString(), store));
        }

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

        public void Add(VerifyResult result)
        {
            if (result.Error is { } error)
            {
                _bad++;
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
                    if (result.Error is { } error) writer.WriteString("error", error.Message);
                });
                return;
            }

            if (result.Error is not null) ClearProgress();
            output.Line($"{result.Cid}  {(result.Error is { } bad ? Failure.Visible(bad.Message) : "ok")}");
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
