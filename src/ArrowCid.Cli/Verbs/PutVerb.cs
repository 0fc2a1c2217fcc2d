using System.CommandLine;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>put</c>: batches into a store.</summary>
internal static class PutVerb
{
    public static Command Make()
    {
        Argument<string[]> files = Verb.Inputs("Arrow IPC streams or files, Parquet, CSV, JSON lines");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> rows = Verb.RowsPerBlock();
        var dataset = new DatasetOptions();
        var verb = new Verb("put",
            "Puts every batch into the store, which is made where none is, with what is said of it: " +
            "CID  ROWS  BYTES  FILE#BATCH  new|known|repaired. Who sees a batch sees its facts; no CID depends on " +
            "them. Of a known batch the stored bytes are compared; where they are damaged the put repairs them.",
            "arrowcid put trips.arrow",
            "arrowcid put trips.arrow --tag day=2026-11-20 --tag sym=ES --producer etl-7 --name latest --expires 7d",
            "arrowcid put --store /dev/shm/trips --rows-per-block 10000 trips.arrow",
            "arrowcid put --types price=float64 trips.csv",
            "arrowcid put --name trips trips.parquet",
            "arrowcid put --dataset prices monday.arrow tuesday.arrow --tag source=feed")
        {
            files, store, rows, json, drop,
        };
        var facts = new FactOptions();
        facts.AddTo(verb);
        dataset.AddTo(verb);
        var text = new RowOptions();
        text.AddTo(verb);
        verb.SetAction(parsed =>
        {
            RowInput input = text.Read(parsed) with { ChecksFirst = true };
            using var opened = CidStore.Open(parsed.GetValue(store));
            using var output = Output.Open();
            bool isJson = parsed.GetValue(json);
            PutOptions? about = facts.Read(parsed, opened);
            DatasetRun? whole = dataset.Read(parsed, opened, about);
            if (about?.Name is not null) about = about.WithName(null);
            int exit = Run(opened, output, parsed.GetValue(files)!, about, isJson, whole?.Batches,
                file => Input.Batches(file, parsed.GetValue(drop), input, parsed.GetValue(rows)));
            if (exit == 0) whole?.Put(output, isJson);
            return exit;
        });
        return verb;
    }

    private static int Run(CidStore store, Output output, string[] files, PutOptions? facts, bool json, List<Cid>? made,
        Func<string, IEnumerable<RecordBatch>> read)
    {
        return Input.ForEach(files, file =>
        {
            int number = 0;
            foreach (RecordBatch batch in read(file))
            {
                try
                {
                    PutResult put = facts is null ? store.Put(batch) : store.Put(batch, facts);
                    made?.Add(put.Cid);
                    HashVerb.Print(output, put.Address, file, number, json, PutOutcome.Of(put));
                }
                catch (InvalidArrowException e)
                {
                    throw HashVerb.InBatch(e, number);
                }

                number++;
            }
        });
    }
}
