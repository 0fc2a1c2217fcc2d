using System.Buffers;
using System.Buffers.Text;
using System.Numerics;
using System.Text.Unicode;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>A column that is made of texts, each exactly a value of its type as <see cref="BatchText"/> writes
/// it.</summary>
internal abstract class TextColumn(ArrowArrayBuilder builder)
{
    private delegate bool TextParser<T>(ReadOnlySpan<byte> text, out T value);

    public ArrowArrayBuilder Builder => builder;

    /// <summary>Appends the value of a text; false where it is none, or more than the type holds.</summary>
    public abstract bool TryAppend(ReadOnlySpan<byte> text);

    public void AppendNull() => builder.AppendNull();

    /// <summary>The column of a type without children; a dictionary and runs of such a one too.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: another type.</exception>
    public static TextColumn For(ArrowType type)
    {
        switch (type)
        {
            case DictionaryType { IsOrdered: false } coded when coded.ValueType is not (NestedType or DictionaryType)
                && coded.ValueType.Id != ArrowTypeId.Null:
                return Plain(coded.ValueType, new DictionaryBuilder(coded));
            case RunEndEncodedType runs:
                TextColumn values = For(runs.Values.Type);
                return new Runs(new RunEndBuilder(runs, values.Builder), values);
            case NestedType or DictionaryType:
                throw new ArrowCidException(ErrorCode.Unsupported, $"{type} is not read from text");
            default:
                return Plain(type, ArrowArrayBuilder.For(type));
        }
    }

    private static TextColumn Plain(ArrowType type, ArrowArrayBuilder to) => type.Id switch
    {
        ArrowTypeId.Null => new Nothing(to),
        ArrowTypeId.Boolean => new Fixed<bool>(to, BooleanText.TryParse),
        ArrowTypeId.Int8 => new Fixed<sbyte>(to, NumberText.TryWhole),
        ArrowTypeId.Int16 => new Fixed<short>(to, NumberText.TryWhole),
        ArrowTypeId.Int32 => new Fixed<int>(to, NumberText.TryWhole),
        ArrowTypeId.Int64 => new Fixed<long>(to, NumberText.TryWhole),
        ArrowTypeId.UInt8 => new Fixed<byte>(to, NumberText.TryWhole),
        ArrowTypeId.UInt16 => new Fixed<ushort>(to, NumberText.TryWhole),
        ArrowTypeId.UInt32 => new Fixed<uint>(to, NumberText.TryWhole),
        ArrowTypeId.UInt64 => new Fixed<ulong>(to, NumberText.TryWhole),
        ArrowTypeId.Float16 => new Fixed<Half>(to, NumberText.TryFloat),
        ArrowTypeId.Float32 => new Fixed<float>(to, NumberText.TryFloat),
        ArrowTypeId.Float64 => new Fixed<double>(to, NumberText.TryFloat),
        ArrowTypeId.Decimal32 => Decimal<int>((DecimalType)type, to),
        ArrowTypeId.Decimal64 => Decimal<long>((DecimalType)type, to),
        ArrowTypeId.Decimal128 => Decimal<Int128>((DecimalType)type, to),
        >= ArrowTypeId.Date32 and <= ArrowTypeId.IntervalMonthDayNano => Times(type, to),
        _ => new Bytes(to, type),
    };

    private static Fixed<T> Decimal<T>(DecimalType type, ArrowArrayBuilder to)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(to, (ReadOnlySpan<byte> text, out T value) =>
        {
            bool isOne = NumberText.TryDecimal(text, type, out BigInteger unscaled)
                && BigInteger.CreateChecked(T.MinValue) <= unscaled && unscaled <= BigInteger.CreateChecked(T.MaxValue);
            value = isOne ? T.CreateChecked(unscaled) : default;
            return isOne;
        });

    private static TextColumn Times(ArrowType type, ArrowArrayBuilder to)
    {
        switch (type.Id)
        {
            case ArrowTypeId.Date32: return Narrow(to, TimeReading.TryDate);
            case ArrowTypeId.Date64: return new Fixed<long>(to, TimeReading.TryDate64);
            case ArrowTypeId.IntervalYearMonth: return new Fixed<int>(to, TimeReading.TryMonths);
            case ArrowTypeId.IntervalDayTime: return new Fixed<DayTimeInterval>(to, TimeReading.TryDayTime);
            case ArrowTypeId.IntervalMonthDayNano:
                return new Fixed<MonthDayNanoInterval>(to, TimeReading.TryMonthDayNano);
            case ArrowTypeId.Timestamp:
                var stamp = (TimestampType)type;
                return new Fixed<long>(to, (ReadOnlySpan<byte> text, out long value) =>
                    TimeReading.TryTimestamp(text, stamp.Unit, stamp.TimeZone is not null, out value));
        }

        TimeUnit unit = ((TimeType)type).Unit;
        return type.Id switch
        {
            ArrowTypeId.Time32 => Narrow(to, (ReadOnlySpan<byte> text, out long value) =>
                TimeReading.TryTime(text, unit, out value)),
            ArrowTypeId.Time64 => new Fixed<long>(to, (ReadOnlySpan<byte> text, out long value) =>
                TimeReading.TryTime(text, unit, out value)),
            _ => new Fixed<long>(to, (ReadOnlySpan<byte> text, out long value) =>
                TimeReading.TryDuration(text, unit, out value)),
        };
    }

    private static Fixed<int> Narrow(ArrowArrayBuilder to, TextParser<long> parse) =>
        new(to, (ReadOnlySpan<byte> text, out int value) =>
        {
            bool isOne = parse(text, out long wide) && wide == (int)wide;
            value = isOne ? (int)wide : 0;
            return isOne;
        });

    private sealed class Nothing(ArrowArrayBuilder to) : TextColumn(to)
    {
        public override bool TryAppend(ReadOnlySpan<byte> text) => false;
    }

    private sealed class Runs(RunEndBuilder to, TextColumn values) : TextColumn(to)
    {
        public override bool TryAppend(ReadOnlySpan<byte> text)
        {
            if (!values.TryAppend(text)) return false;
            to.Append();
            return true;
        }
    }

    private sealed class Fixed<T>(ArrowArrayBuilder to, TextParser<T> parse) : TextColumn(to) where T : unmanaged
    {
        private readonly FixedBuilder<T>? _plain = to as FixedBuilder<T>;

        public override bool TryAppend(ReadOnlySpan<byte> text)
        {
            if (!parse(text, out T value)) return false;
            if (_plain is not null) _plain.Append(value);
            else ((DictionaryBuilder)Builder).Append(value);
            return true;
        }
    }

    /// <summary>Text, base64 of binary, and decimals of 256 bits.</summary>
    private sealed class Bytes(ArrowArrayBuilder to, ArrowType type) : TextColumn(to)
    {
        private readonly BytesBuilder? _plain = to as BytesBuilder;
        private readonly bool _isText = type.IsText();
        private byte[] _decoded = new byte[64];

        public override bool TryAppend(ReadOnlySpan<byte> text)
        {
            if (_isText) return Utf8.IsValid(text) && Append(text);
            if (type is DecimalType number) return AppendDecimal(text, number);
            int most = Base64.GetMaxDecodedFromUtf8Length(text.Length);
            if (_decoded.Length < most) _decoded = new byte[Math.Max(most, _decoded.Length * 2)];
            OperationStatus status = Base64.DecodeFromUtf8(text, _decoded, out int used, out int written);
            return status == OperationStatus.Done && used == text.Length && text.IndexOfAny(" \t\r\n"u8) < 0
                && (type is not FixedSizeBinaryType fix || fix.ByteWidth == written)
                && Append(_decoded.AsSpan(0, written));
        }

        private bool AppendDecimal(ReadOnlySpan<byte> text, DecimalType number)
        {
            if (!NumberText.TryDecimal(text, number, out BigInteger unscaled)) return false;
            Span<byte> bytes = stackalloc byte[DecimalBytes.MaxWidth];
            if (!unscaled.TryWriteBytes(bytes, out int written)) return false;
            bytes[written..].Fill(unscaled.Sign < 0 ? (byte)0xFF : (byte)0);
            return Append(bytes);
        }

        private bool Append(ReadOnlySpan<byte> value)
        {
            if (_plain is not null) _plain.Append(value);
            else ((DictionaryBuilder)Builder).Append(value);
            return true;
        }
    }
}
