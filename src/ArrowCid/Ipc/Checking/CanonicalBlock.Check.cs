using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

public static partial class CanonicalBlock
{
    /// <summary>Whether bytes are a canonical block: decoded, encoded again and compared.</summary>
    /// <param name="bytes">A stream or file of exactly one batch.</param>
    /// <returns>The verdict, with the first difference and the rules behind it.</returns>
    /// <exception cref="InvalidArrowException">
    /// The bytes cannot be read, hold no batch or several, or their batch has no canonical form.
    /// </exception>
    public static CheckResult Check(ReadOnlyMemory<byte> bytes)
    {
        using var reader = ArrowReader.Open(bytes);
        RecordBatch batch = OnlyBatch(reader);
        using BlockPlan plan = BlockPlan.Of(batch);
        byte[] block = GC.AllocateUninitializedArray<byte>(plan.Length);
        BlockAddress address = AddressOf(plan, plan.WriteTo(block));
        ReadOnlySpan<byte> given = bytes.Span;
        if (given.SequenceEqual(block)) return new CheckResult { IsCanonical = true, Address = address };
        int offset = given.CommonPrefixLength(block);
        BlockPart part = BlockMap.At(plan, offset);
        return new CheckResult
        {
            IsCanonical = false,
            Address = address,
            Message = part.Message,
            FieldPath = part.FieldPath,
            Buffer = part.Buffer,
            Offset = offset,
            Rule = part.Rule,
            Violations =
            [
                .. ViolationsOf(reader).Concat(ViolationsOf(batch, block))
                    .Select(d => new Difference
                    {
                        Batch = -1,
                        Rule = d.Rule,
                        FieldPath = d.FieldPath,
                        Row = -1,
                        InA = d.How,
                        InB = "",
                    }),
            ],
        };
    }

    /// <summary>
    /// By which rules two streams differ that hold the same batches, or else the first schema part or value that
    /// differs.
    /// </summary>
    /// <param name="a">A stream or file.</param>
    /// <param name="b">Another one.</param>
    /// <returns>What differs; nothing where the bytes are the same.</returns>
    /// <exception cref="InvalidArrowException">
    /// One of them cannot be read, or holds a batch without a canonical form.
    /// </exception>
    public static Explanation Explain(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b)
    {
        bool sameBytes = a.Span.SequenceEqual(b.Span);
        using var readerA = ArrowReader.Open(a);
        using var readerB = ArrowReader.Open(b);
        var differences = new List<Difference>();
        var alike = new List<Difference>();
        int index = 0;
        for (; ; index++)
        {
            RecordBatch? batchA = readerA.ReadView(), batchB = readerB.ReadView();
            if (batchA is null && batchB is null) break;
            if (batchA is null || batchB is null)
            {
                string endA = batchA is null ? "ends here" : "goes on", endB = batchB is null ? "ends here" : "goes on";
                var ended = new Difference
                {
                    Batch = index,
                    Rule = "the number of batches",
                    FieldPath = "",
                    Row = -1,
                    InA = endA,
                    InB = endB,
                };
                return new Explanation { SameBatches = false, SameBytes = false, Differences = [ended] };
            }

            EncodedBlock blockA = Encode(batchA), blockB = Encode(batchB);
            if (blockA.Cid != blockB.Cid)
            {
                Difference first = FirstDifference.Between(DecodeView(blockA.Bytes), DecodeView(blockB.Bytes), index);
                return new Explanation { SameBatches = false, SameBytes = false, Differences = [first] };
            }

            if (sameBytes) continue;
            HashSet<Violation> seenA = [.. ViolationsOf(batchA, blockA.Bytes)];
            HashSet<Violation> seenB = [.. ViolationsOf(batchB, blockB.Bytes)];
            differences.AddRange(Pair(seenA, seenB, index));
            bool isSameMemory = batchA.Columns.Zip(batchB.Columns)
                .All(pair => Violations.IsSameMemory(pair.First, pair.Second));
            if (isSameMemory) continue;
            alike.AddRange(seenA.Intersect(seenB)
                .Select(d => new Difference
                {
                    Batch = index,
                    Rule = d.Rule,
                    FieldPath = d.FieldPath,
                    Row = -1,
                    InA = d.How,
                    InB = d.How,
                }));
        }

        if (sameBytes) return new Explanation { SameBatches = true, SameBytes = true, Differences = [] };
        if (index == 0 && SchemaCid(readerA.SchemaView) != SchemaCid(readerB.SchemaView))
            differences.Add(FirstDifference.OfSchemas(readerA.SchemaView, readerB.SchemaView, -1));
        // Only now have the readers met all that is about the stream: its end, later batches, deltas.
        differences.InsertRange(0, Pair([.. ViolationsOf(readerA)], [.. ViolationsOf(readerB)], -1));
        if (differences.Count == 0) differences.AddRange(alike.Count > 0 ? alike : LayoutOnly(a, b));
        return new Explanation { SameBatches = true, SameBytes = false, Differences = differences };
    }

    private static IEnumerable<Violation> ViolationsOf(ArrowReader reader) =>
        Violations.OfStream(reader.Traits)
            .Concat(Violations.OfSchema(reader.SchemaView, CanonicalSchema.Of(reader.SchemaView)));

    private static IEnumerable<Violation> ViolationsOf(RecordBatch batch, ReadOnlyMemory<byte> block)
    {
        RecordBatch made = DecodeView(block);
        return CanonicalSchema.Of(batch.Schema).Fields.SelectMany((field, i) =>
            Violations.OfColumn(field, batch.Columns[i], made.Columns[i]));
    }

    private static IEnumerable<Difference> Pair(HashSet<Violation> inA, HashSet<Violation> inB, int index)
    {
        const string Kept = "canonical";
        var places = inA.Concat(inB).Where(d => !(inA.Contains(d) && inB.Contains(d)))
            .Select(d => (d.Rule, d.FieldPath)).Distinct();
        foreach ((string rule, string path) in places)
            yield return new Difference
            {
                Batch = index,
                Rule = rule,
                FieldPath = path,
                Row = -1,
                InA = How(inA, rule, path),
                InB = How(inB, rule, path),
            };

        static string How(HashSet<Violation> found, string rule, string path)
        {
            string how = string.Join(", ", found.Where(d => d.Rule == rule && d.FieldPath == path).Select(d => d.How));
            return how.Length > 0 ? how : Kept;
        }
    }

    private static IEnumerable<Difference> LayoutOnly(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b)
    {
        int offset = a.Span.CommonPrefixLength(b.Span);
        string rule = $"messages and flatbuffers are laid out as section 2 says (first at byte {offset})";
        return [new Difference
        {
            Batch = -1,
            Rule = rule,
            FieldPath = "",
            Row = -1,
            InA = $"{a.Length} bytes",
            InB = $"{b.Length} bytes",
        }];
    }
}
