namespace ArrowCid.Ipc;

/// <summary>Says what stands where in the block that a plan makes.</summary>
internal static class BlockMap
{
    public static BlockPart At(BlockPlan plan, long offset)
    {
        foreach (BlockPart part in Parts(plan))
        {
            if (offset < part.End) return part;
        }

        return new BlockPart("end of stream", "", "", long.MaxValue, "nothing follows the end of the stream");
    }

    private static IEnumerable<BlockPart> Parts(BlockPlan plan)
    {
        long at = plan.Schema.Message.Length;
        yield return new BlockPart(
            "schema", "", "metadata", at, "messages and flatbuffers are laid out as section 2 says");
        foreach ((BodyPlan body, int metadataLength, DictionaryPlan? dictionary) in plan.Messages)
        {
            string message = dictionary is null ? "batch" : $"dictionary {dictionary.Id}";
            at += metadataLength;
            yield return new BlockPart(message, dictionary?.Path, "metadata", at,
                "lengths, null counts and buffers in pre-order, laid out as section 2 says");
            var variadic = new Queue<long>(body.Variadic);
            IEnumerable<CanonicalField> fields = dictionary is null
                ? plan.Schema.Fields
                : [DictionaryField(plan.Schema.Fields, dictionary.Id).DictionaryValues!];
            int index = 0;
            foreach (BufferName name in fields.SelectMany(field => BufferName.Of(field, variadic)))
            {
                at += body.Buffers[index++].Length;
                yield return new BlockPart(
                    message, name.Field.Path, name.Role.ToString().ToLowerInvariant(), at, name.Rule);
                at += BlockFormat.Padding(at);
                yield return new BlockPart(message, name.Field.Path, "padding", at, "zeros to the next multiple of 64");
            }
        }

        yield return new BlockPart(
            "end of stream", "", "", at + BlockFormat.EndOfStreamBytes, "a stream ends in FF FF FF FF 00 00 00 00");
    }

    private static CanonicalField DictionaryField(IEnumerable<CanonicalField> fields, int id)
    {
        foreach (CanonicalField field in fields)
        {
            if (field.DictionaryId == id) return field;
            if (Holds(field, id)) return DictionaryField(field.Children, id);
        }

        throw new ArrowCidException(ErrorCode.Internal, $"No field has the dictionary {id}");
    }

    private static bool Holds(CanonicalField field, int id) =>
        field.Children.Any(child => child.DictionaryId == id || Holds(child, id));
}
