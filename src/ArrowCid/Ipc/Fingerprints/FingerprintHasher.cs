using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>Computes the logical fingerprint of a table from its batches (<c>lfp1.md</c>).</summary>
internal sealed class FingerprintHasher
{
    /// <summary>What its text begins with.</summary>
    public const string Algorithm = "lfp1";

    private readonly Schema _schema;
    private readonly byte[][] _types;
    private readonly Sha256[] _hashes;
    private readonly LogicalBytes[] _columns;
    private Schema _last;

    /// <summary>Begins a table.</summary>
    /// <param name="schema">The schema of its first batch.</param>
    public FingerprintHasher(Schema schema)
    {
        (_schema, _last) = (schema, schema);
        _types = [.. schema.Fields.Select(field => FingerprintType.BytesOf(field.Type))];
        _hashes = Array.ConvertAll(_types, _ => new Sha256());
        _columns = Array.ConvertAll(_hashes, hash => new LogicalBytes(hash));
        for (int i = 0; i < _types.Length; i++) _columns[i].Add(_types[i]);
    }

    /// <summary>The number of rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Returns the fingerprint of batches of one table; null where there is no batch.</summary>
    public static LogicalFingerprint? Of(IEnumerable<RecordBatch> batches)
    {
        FingerprintHasher? made = null;
        foreach (RecordBatch batch in batches)
        {
            made ??= new FingerprintHasher(batch.Schema);
            made.Append(batch);
        }

        return made?.Finish();
    }

    /// <summary>Adds the rows of a batch.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the batch has other columns;
    /// <see cref="ErrorCode.InvalidData"/>: an offset or index points outside.</exception>
    public void Append(RecordBatch batch)
    {
        Require(batch.Schema);
        for (int i = 0; i < _columns.Length; i++) LogicalValues.Append(_columns[i], batch.Columns[i], 0, batch.Length);
        Rows += batch.Length;
    }

    /// <summary>Ends the table.</summary>
    /// <returns>The fingerprint.</returns>
    public LogicalFingerprint Finish()
    {
        var whole = new LogicalBytes();
        whole.Add(Encoding.ASCII.GetBytes(Algorithm));
        whole.AddUInt32((uint)_columns.Length);
        whole.AddUInt64((ulong)Rows);
        var columns = new KeyValuePair<string, Cid>[_columns.Length];
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i].Flush();
            Digest256 digest = _hashes[i].Finish();
            string name = _schema.Fields[i].Name;
            whole.AddText(name);
            whole.Add(Digest256.Bytes(in digest));
            columns[i] = KeyValuePair.Create(name, Cid.FromSha256(Multicodec.Raw, digest));
        }

        return new LogicalFingerprint
        {
            Text = $"{Algorithm}-{Sha256.Hash(whole.Written)}",
            Rows = Rows,
            Columns = columns,
        };
    }

    private void Require(Schema schema)
    {
        if (ReferenceEquals(schema, _last)) return;
        bool isSame = schema.Fields.Count == _types.Length;
        for (int i = 0; isSame && i < _types.Length; i++)
        {
            isSame = schema.Fields[i].Name == _schema.Fields[i].Name
                && FingerprintType.BytesOf(schema.Fields[i].Type).AsSpan().SequenceEqual(_types[i]);
        }

        if (!isSame)
            throw new ArrowCidException(ErrorCode.SchemaMismatch, "the batches do not have the same columns");
        _last = schema;
    }
}
