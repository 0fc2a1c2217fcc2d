using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>A name that is given to what a put puts: to its only batch, or to a dataset of its batches.</summary>
/// <param name="store">The store.</param>
/// <param name="options">The name, and the metadata of the dataset.</param>
/// <param name="meta">The metadata that are part of the dataset.</param>
/// <param name="parents">The datasets that it was made of.</param>
/// <param name="isDataset">Whether a dataset is made of a single batch too.</param>
internal sealed class DatasetRun(CidStore store, PutOptions options, Dictionary<string, string> meta, Cid[] parents,
    bool isDataset)
{
    /// <summary>Whether the batches are added to those that the dataset has.</summary>
    public bool IsAppended { get; init; }

    /// <summary>The batches so far.</summary>
    public List<Cid> Batches { get; } = [];

    /// <summary>Commits batches together with the name.</summary>
    /// <returns>The results of the batches, and of the dataset where one is made.</returns>
    public (PutResult[] Batches, PutResult? Dataset) Commit(StoreTransaction transaction)
    {
        ThrowIfEmpty(transaction.Count);
        if (transaction.Count == 1 && !isDataset) return (transaction.Commit(options.Name), null);
        return transaction.CommitDataset(options, meta, parents, IsAppended);
    }

    /// <summary>Gives the name, once all batches are put.</summary>
    public void Put(Output output, bool json)
    {
        string name = options.Name!;
        ThrowIfEmpty(Batches.Count);

        if (Batches.Count == 1 && !isDataset)
        {
            _ = store.SetName(name, Batches[0]);
            return;
        }

        PutResult put = IsAppended
            ? store.AppendToDataset(name, Batches, options)
            : store.PutDataset(Batches, options, meta, parents);
        Print(output, put, json);
    }

    /// <summary>Prints the line of the dataset.</summary>
    public void Print(Output output, PutResult put, bool json)
    {
        string name = options.Name!;
        if (json)
        {
            output.JsonLine(writer =>
            {
                HashVerb.WriteAddress(writer, put.Address);
                writer.WriteString("dataset", name);
                PutOutcome.Of(put).Write(writer);
            });
            return;
        }

        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{put.Cid}  {put.Rows}  {put.ByteLength}  {CommandError.Visible(name)}  {PutOutcome.Of(put).Word}"));
    }

    private void ThrowIfEmpty(int batches)
    {
        if (batches > 0) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"the files have no batch; '{options.Name}' needs one");
    }
}
