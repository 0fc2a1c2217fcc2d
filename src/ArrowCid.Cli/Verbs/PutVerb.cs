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
            "CID  ROWS  BYTES  FILE#BATCH  new|known. Who sees a batch sees its facts; no CID depends on them.",
            "arrowcid put trips.arrow",
            "arrowcid put trips.arrow --tag day=2026-11-20 --tag sym=ES --producer etl-7 --name latest --expires 7d",
            "arrowcid put --store /dev/shm/trips --rows-per-block 10000 trips.arrow",
            "arrowcid put --types price=float64 trips.csv",
            "arrowcid put --dataset prices monday.arrow tuesday.arrow")
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
            DatasetRun? whole = dataset.Read(parsed, opened);
            int exit = Run(opened, output, parsed.GetValue(files)!, facts.Read(parsed, opened), isJson, whole?.Batches,
                file => Input.Batches(file, parsed.GetValue(drop), input, parsed.GetValue(rows)));
            if (exit == 0) whole?.Put(output, isJson);
            return exit;
        });
        return verb;
    }

    private static int Run(CidStore store, Output output, string[] files, PutOptions? facts, bool json, List<Cid>? made,
        Func<string, IEnumerable<RecordBatch>> read)
    {
        bool isOne = facts?.Name is not null;
        if (isOne && files.Length > 1) throw NotOne();
        return Input.ForEach(files, file =>
        {
            int number = 0;
            IEnumerable<RecordBatch> batches = read(file);
            foreach (RecordBatch batch in isOne ? [Only(batches)] : batches)
            {
                try
                {
                    PutResult put = facts is null ? store.Put(batch) : store.Put(batch, facts);
                    made?.Add(put.Cid);
                    HashVerb.Print(output, put.Address, file, number, json, put.IsNew);
                }
                catch (InvalidArrowException e)
                {
                    throw HashVerb.InBatch(e, number);
                }

                number++;
            }
        });
    }

    /// <summary>A name stands for one block: before anything is put it is certain that there is one.</summary>
    private static RecordBatch Only(IEnumerable<RecordBatch> batches)
    {
        RecordBatch[] first = [.. batches.Take(2)];
        return first.Length == 1 ? first[0] : throw NotOne();
    }

    private static ArrowCidException NotOne() => new(ErrorCode.InvalidArgument,
        "--name names one batch, and here is not one; put them without it, and name one with 'arrowcid name NAME CID'");
}
