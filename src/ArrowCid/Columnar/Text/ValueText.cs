using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace ArrowCid.Columnar;

/// <summary>One slot as text: as JSON, or plain as a cell (nested values are JSON there too).</summary>
internal static class ValueText
{
    /// <summary>The number of nesting levels written; a reader takes 32, and a dictionary's values count
    /// again.</summary>
    private const int MaxDepth = 128;

    private const int Chunk = 1023;

    /// <summary>The array and slot that a dictionary, runs and unions lead to, or null for a null.</summary>
    public static ArrowArray? Follow(ArrowArray array, ref int slot)
    {
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            if (array.Resolve(ref slot) is not { } plain) return null;
            if (plain.Type is not UnionType) return plain;
            (int child, slot) = plain.GetUnionSlot(slot);
            array = plain.Field(child);
        }

        throw TooDeep();
    }

    public static bool IsNested(ArrowArray plain) => plain.Layout is >= BufferLayout.List32 and <= BufferLayout.Struct;

    /// <summary>Whether a column's cells are lined up at the right.</summary>
    public static bool IsNumber(ArrowType type) => type switch
    {
        DictionaryType dictionary => IsNumber(dictionary.ValueType),
        RunEndEncodedType runs => IsNumber(runs.Values.Type),
        _ => type.Id is >= ArrowTypeId.Int8 and <= ArrowTypeId.Decimal256,
    };

    public static void WriteJson(ArrowArray array, int slot, TextSink to, int depth = 1)
    {
        if (depth > MaxDepth) throw TooDeep();
        if (Follow(array, ref slot) is not { } plain) to.Write("null");
        else if (IsNested(plain)) WriteNested(plain, slot, to, depth);
        else WriteScalar(plain, slot, to);
    }

    /// <summary>A slot that <see cref="Follow"/> led to, as a cell's text.</summary>
    public static void WritePlain(ArrowArray plain, int slot, TextSink to)
    {
        if (IsNested(plain)) WriteNested(plain, slot, to, depth: 1);
        else if (plain.Type.IsText()) WriteText(plain.GetBytes(slot), to, escapes: false);
        else WriteBare(plain, slot, to);
    }

    public static void WriteJsonString(ReadOnlySpan<char> text, TextSink to)
    {
        to.Write('"');
        WriteJsonChars(text, to);
        to.Write('"');
    }

    private static void WriteScalar(ArrowArray array, int slot, TextSink to)
    {
        bool quotes = IsQuoted(array, slot);
        if (quotes) to.Write('"');
        if (array.Type.IsText()) WriteText(array.GetBytes(slot), to, escapes: true);
        else WriteBare(array, slot, to);
        if (quotes) to.Write('"');
    }

    private static bool IsQuoted(ArrowArray array, int slot) => array.Type.Id switch
    {
        ArrowTypeId.Boolean or (>= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64) => false,
        ArrowTypeId.Float16 => !Half.IsFinite(array.Values<Half>()[slot]),
        ArrowTypeId.Float32 => !float.IsFinite(array.Values<float>()[slot]),
        ArrowTypeId.Float64 => !double.IsFinite(array.Values<double>()[slot]),
        _ => true,
    };

    private static void WriteNested(ArrowArray array, int slot, TextSink to, int depth)
    {
        if (array.Layout == BufferLayout.Struct)
        {
            WriteStruct(array, slot, to, depth);
            return;
        }

        ArrowArray items = array.GetList(slot);
        bool isMap = array.Type is MapType;
        to.Write('[');
        for (int i = 0; i < items.Length && !to.IsFull; i++)
        {
            if (i > 0) to.Write(',');
            if (isMap) WriteEntry(items, i, to, depth);
            else WriteJson(items, i, to, depth + 1);
        }

        to.Write(']');
    }

    private static void WriteStruct(ArrowArray array, int slot, TextSink to, int depth)
    {
        to.Write('{');
        for (int i = 0; i < array.Type.Children.Count && !to.IsFull; i++)
        {
            if (i > 0) to.Write(',');
            WriteJsonString(array.Type.Children[i].Name, to);
            to.Write(':');
            WriteJson(array.Field(i), slot, to, depth + 1);
        }

        to.Write('}');
    }

    private static void WriteEntry(ArrowArray entries, int slot, TextSink to, int depth)
    {
        to.Write('[');
        WriteJson(entries.Field(0), slot, to, depth + 2);
        to.Write(',');
        WriteJson(entries.Field(1), slot, to, depth + 2);
        to.Write(']');
    }

    /// <summary>A value that is neither text nor nested, without quotes.</summary>
    private static void WriteBare(ArrowArray array, int slot, TextSink to)
    {
        switch (array.Type.Id)
        {
            case ArrowTypeId.Boolean: to.Write(array.GetBoolean(slot) ? "true" : "false"); break;
            case ArrowTypeId.Int8: to.Write(array.Values<sbyte>()[slot]); break;
            case ArrowTypeId.Int16: to.Write(array.Values<short>()[slot]); break;
            case ArrowTypeId.Int32: to.Write(array.Values<int>()[slot]); break;
            case ArrowTypeId.Int64: to.Write(array.Values<long>()[slot]); break;
            case ArrowTypeId.UInt8: to.Write(array.Values<byte>()[slot]); break;
            case ArrowTypeId.UInt16: to.Write(array.Values<ushort>()[slot]); break;
            case ArrowTypeId.UInt32: to.Write(array.Values<uint>()[slot]); break;
            case ArrowTypeId.UInt64: to.Write(array.Values<ulong>()[slot]); break;
            case ArrowTypeId.Float16: to.Write(array.Values<Half>()[slot]); break;
            case ArrowTypeId.Float32: to.Write(array.Values<float>()[slot]); break;
            case ArrowTypeId.Float64: to.Write(array.Values<double>()[slot]); break;
            case >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256:
                to.Write(DecimalBytes.Text(array.GetBytes(slot), ((DecimalType)array.Type).Scale));
                break;
            case >= ArrowTypeId.Date32 and <= ArrowTypeId.IntervalMonthDayNano: WriteTime(array, slot, to); break;
            default: WriteBase64(array.GetBytes(slot), to); break;
        }
    }

    private static void WriteTime(ArrowArray array, int slot, TextSink to)
    {
        switch (array.Type.Id)
        {
            case ArrowTypeId.Date32: TimeText.WriteDate(array.Values<int>()[slot], to); break;
            case ArrowTypeId.Date64: TimeText.WriteDate64(array.Values<long>()[slot], to); break;
            case ArrowTypeId.Time32: TimeText.WriteTime(array.Values<int>()[slot], UnitOf(array), to); break;
            case ArrowTypeId.Time64: TimeText.WriteTime(array.Values<long>()[slot], UnitOf(array), to); break;
            case ArrowTypeId.Duration: TimeText.WriteDuration(array.Values<long>()[slot], UnitOf(array), to); break;
            case ArrowTypeId.IntervalYearMonth: TimeText.WriteMonths(array.Values<int>()[slot], to); break;
            case ArrowTypeId.IntervalDayTime: TimeText.WriteInterval(array.Values<DayTimeInterval>()[slot], to); break;
            case ArrowTypeId.IntervalMonthDayNano:
                TimeText.WriteInterval(array.Values<MonthDayNanoInterval>()[slot], to);
                break;
            default:
                var type = (TimestampType)array.Type;
                TimeText.WriteTimestamp(array.Values<long>()[slot], type.Unit, to);
                if (type.TimeZone is not null) to.Write('Z');
                break;
        }
    }

    private static TimeUnit UnitOf(ArrowArray array) => ((TimeType)array.Type).Unit;

    private static void WriteText(ReadOnlySpan<byte> utf8, TextSink to, bool escapes)
    {
        Span<char> text = stackalloc char[Chunk];
        if (utf8.Length <= Chunk)
        {
            Put(text[..Encoding.UTF8.GetChars(utf8, text)], to, escapes);
            return;
        }

        Decoder decoder = Encoding.UTF8.GetDecoder();
        bool isDone = false;
        while (!isDone && !to.IsFull)
        {
            decoder.Convert(utf8, text, flush: true, out int used, out int written, out isDone);
            Put(text[..written], to, escapes);
            utf8 = utf8[used..];
        }
    }

    private static void Put(ReadOnlySpan<char> text, TextSink to, bool escapes)
    {
        if (escapes) WriteJsonChars(text, to);
        else to.Write(text);
    }

    private static void WriteJsonChars(ReadOnlySpan<char> text, TextSink to)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is >= ' ' and not ('"' or '\\' or (>= '\u007F' and <= '\u009F'))) continue;
            to.Write(text[start..i]);
            start = i + 1;
            to.Write(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
            });
        }

        to.Write(text[start..]);
    }

    private static void WriteBase64(ReadOnlySpan<byte> bytes, TextSink to)
    {
        Span<char> text = stackalloc char[Base64.GetMaxEncodedToUtf8Length(Chunk)];
        while (!bytes.IsEmpty && !to.IsFull)
        {
            // The chunk is a multiple of three bytes, so only the last one is padded.
            ReadOnlySpan<byte> chunk = bytes[..Math.Min(Chunk, bytes.Length)];
            if (!Convert.TryToBase64Chars(chunk, text, out int written)) break;
            to.Write(text[..written]);
            bytes = bytes[chunk.Length..];
        }
    }

    private static InvalidArrowException TooDeep() =>
        new($"values nest deeper than {MaxDepth} levels", code: ErrorCode.TooLarge);
}
