using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

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
    /// <summary>The name.</summary>
    public string Name => options.Name!;

    /// <summary>Whether the batches are added to those that the dataset has.</summary>
    public bool IsAppended { get; init; }

    /// <summary>The batches so far.</summary>
    public List<Cid> Batches { get; } = [];

    private Cid? _schema;
    private string _schemaOf = "";

    /// <summary>Refuses files of several schemas before anything is stored. Files that cannot be read twice, such as
    /// standard input, are checked when their batches come.</summary>
    /// <param name="files">The files.</param>
    /// <param name="read">Reads the batches of a file.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: two schemas.</exception>
    public void RequireOneSchema(string[] files, Func<string, IEnumerable<RecordBatch>> read)
    {
        if (IsAppended && store.Names.Resolve(options.Name!) is { } current)
        {
            _schema = store.Datasets.DatasetToAppendTo(options.Name!, current).Schema;
            _schemaOf = $"'{options.Name}'";
        }
        else if (files.Length < 2)
        {
            return;
        }

        foreach (string file in files.Where(file => File.Exists(file) && OutputPath.IsRegularFile(file)))
        {
            RecordBatch? first;
            try
            {
                first = read(file).FirstOrDefault();
            }
            catch (Exception e) when (e is ArrowCidException or IOException)
            {
                // The put itself reports it, and reads the other files.
                continue;
            }

            if (first is not null) RequireSchema(first, file, "; nothing was stored");
        }
    }

    /// <summary>Refuses a batch that has another schema than the batches before it.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="file">Its file.</param>
    /// <param name="outcome">What the message adds.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it has.</exception>
    public void RequireSchema(RecordBatch batch, string file, string outcome = "")
    {
        var schema = Cid.FromSha256(Multicodec.Raw, CanonicalSchema.Of(batch.Schema).Digest);
        if (_schema is null) (_schema, _schemaOf) = (schema, file);
        if (_schema == schema) return;
        throw new ArrowCidException(ErrorCode.SchemaMismatch,
            $"{file} has another schema than {_schemaOf}, and the dataset '{options.Name}' has one{outcome}");
    }

    /// <summary>Commits batches together with the name.</summary>
    /// <returns>The results of the batches, and of the dataset where one is made.</returns>
    public (PutResult[] Batches, PutResult? Dataset) Commit(StoreTransaction transaction)
    {
        ThrowIfEmpty(transaction.Count);
        if (transaction.Count == 1 && !isDataset) return (transaction.Commit(options.Name), null);
        return transaction.CommitDataset(options, meta, parents, IsAppended);
    }

    /// <summary>Gives the name, once all batches are put.</summary>
    /// <param name="output">Gets a line of a dataset.</param>
    /// <param name="json">Whether the line is JSON.</param>
    /// <param name="copy">Copies the dataset elsewhere before it has the name; null if it is not copied. A dataset that
    /// is appended to is copied after.</param>
    public void Put(Output output, bool json, Action<IReadOnlyList<Cid>>? copy = null)
    {
        string name = options.Name!;
        ThrowIfEmpty(Batches.Count);

        if (Batches.Count == 1 && !isDataset)
        {
            _ = store.Names.Set(name, Batches[0]);
            return;
        }

        if (copy is not null && !IsAppended)
            copy([store.Datasets.Put(Batches, options.WithName(null), meta, parents).Cid]);
        PutResult put = IsAppended
            ? store.Datasets.Append(name, Batches, options)
            : store.Datasets.Put(Batches, options, meta, parents);
        if (copy is not null && IsAppended) copy([put.Cid]);
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
