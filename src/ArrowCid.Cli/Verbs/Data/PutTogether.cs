using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary>
/// <c>put --all-or-nothing</c>: every file is read and encoded before anything is stored, and then all batches, their
/// metadata and the name are committed at once. Until then the blocks are in a temporary file, so that memory holds one
/// batch and a few hundred bytes for each.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="metadata">The metadata of each batch, or null.</param>
/// <param name="name">The name that is given, or null.</param>
/// <param name="report">Shows the progress.</param>
internal sealed class PutTogether(CidStore store, PutOptions? metadata, DatasetRun? name, PutReport report)
{
    public static Option<bool> Option() => new("--all-or-nothing")
    {
        Description = "All batches, their metadata and the name in one transaction: every process sees all of " +
            "them or none, also after a crash. Nothing is stored if a file cannot be read. The blocks wait in the " +
            "temporary directory and must fit into half of the store's capacity, and into 1 GiB.",
    };

    public static void AddRules(Command verb, Option<bool> option) => verb.Validators.Add(result =>
    {
        if (result.GetValue(option) && result.GetResult("--dataset-per") is not null)
            result.AddError("--all-or-nothing gives one name; leave out --dataset-per.");
    });

    /// <summary>Puts the batches of all files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="read">Reads the batches of a file.</param>
    /// <param name="output">Gets a line for each batch, once they are stored.</param>
    /// <param name="json">Whether the lines are JSON.</param>
    /// <returns>The exit code: of the first file that cannot be put, if there is one.</returns>
    public int Run(string[] files, Func<string, IEnumerable<RecordBatch>> read, Output output, bool json)
    {
        using var transaction = new StoreTransaction(store, isSpooled: true);
        var places = new List<(string File, int Batch)>();
        int exit = Input.ForEach(files, file => Add(transaction, file, read, places));
        if (exit != 0)
        {
            CommandError.Say("nothing was stored, because --all-or-nothing is given");
            return exit;
        }

        return Input.ForEach([""], _ =>
        {
            (PutResult[] puts, PutResult? dataset) =
                name is null ? (transaction.Commit(), null) : name.Commit(transaction);
            for (int i = 0; i < puts.Length; i++)
            {
                report.Add(puts[i]);
                HashVerb.Print(output, puts[i].Address, places[i].File, places[i].Batch, json, PutOutcome.Of(puts[i]));
            }

            if (dataset is { } made) name!.Print(output, made, json);
        });
    }

    private void Add(StoreTransaction transaction, string file, Func<string, IEnumerable<RecordBatch>> read,
        List<(string File, int Batch)> places)
    {
        int number = 0;
        report.Begin(file);
        foreach (RecordBatch batch in read(file))
        {
            try
            {
                _ = transaction.Add(batch, metadata, isOfDataset: name is not null);
                places.Add((file, number));
            }
            catch (InvalidArrowException e)
            {
                throw HashVerb.InBatch(e, number);
            }

            number++;
        }
    }
}
