using System.CommandLine;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>put</c>: batches into a store.</summary>
internal static class PutVerb
{
    public static Command Make()
    {
        Argument<string[]> files = Verb.Files();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> rows = Verb.Number("--rows-per-block", 1,
            "Cut each file's rows anew into blocks of N, the last one shorter, " +
            "whatever its batches are. Default: a block a batch.");
        var verb = new Verb("put",
            "Puts every batch into the store, which is made where none is: CID  ROWS  BYTES  FILE#BATCH  new|known.",
            "arrowcid put trips.arrow",
            "arrowcid put --store /dev/shm/trips --rows-per-block 10000 trips.arrow")
        {
            files, store, rows, json, drop,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(files)!, parsed.GetValue(store), parsed.GetValue(rows),
            parsed.GetValue(json), parsed.GetValue(drop)));
        return verb;
    }

    private static int Run(string[] files, string? directory, int? rows, bool json, string[]? drop)
    {
        using var store = CidStore.Open(directory);
        using var output = Output.Open();
        return Input.ForEach(files, file =>
        {
            int number = 0;
            IEnumerable<RecordBatch> batches = Input.Batches(file, drop);
            if (rows is { } each) batches = BatchCut.EveryRows(batches, each);
            foreach (RecordBatch batch in batches)
            {
                try
                {
                    PutResult put = store.Put(batch);
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
}
