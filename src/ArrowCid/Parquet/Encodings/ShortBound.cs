namespace ArrowCid.Parquet;

/// <summary>A bound as it stands in a file, perhaps shorter than the value that it bounds.</summary>
internal static class ShortBound
{
    private const int MaxBytes = 64;

    /// <summary>A value that is not above.</summary>
    public static (byte[] Value, bool IsExact) Below(byte[] value, LeafForm form)
    {
        if (!IsLong(value, form)) return (value, true);
        return (value[..Cut(value, form)], false);
    }

    /// <summary>A value that is not below; null where no short one is.</summary>
    public static (byte[]? Value, bool IsExact) Above(byte[] value, LeafForm form)
    {
        if (!IsLong(value, form)) return (value, true);
        byte last = form.Logical.Kind == LogicalKind.None ? (byte)0xFF : (byte)0x7F;
        for (int at = Cut(value, form) - 1; at >= 0; at--)
        {
            // In text only a character of one byte can become the next one in place.
            if (value[at] >= last) continue;
            byte[] bound = value[..(at + 1)];
            bound[at]++;
            return (bound, false);
        }

        return (null, false);
    }

    private static bool IsLong(byte[] value, LeafForm form) =>
        value.Length > MaxBytes && form.Type == PhysicalType.ByteArray;

    /// <summary>Text is cut between two characters.</summary>
    private static int Cut(byte[] value, LeafForm form)
    {
        int length = MaxBytes;
        if (form.Logical.Kind == LogicalKind.None) return length;
        while (length > 0 && (value[length] & 0xC0) == 0x80) length--;
        return length;
    }
}
