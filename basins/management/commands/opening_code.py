"""`manage.py opening_code`: the code with which /start/ makes the first two administrators."""

from django.core.management.base import BaseCommand, CommandError

from basins.opening_code import is_open, opening_code


class Command(BaseCommand):
    help = "显示开通码：在网页 /start/ 上用它建立最初两名协议管理员。"

    def handle(self, *args, **options):
        if not is_open():
            raise CommandError(
                "已有协议管理员，不再需要开通码；第二名用 add_person 建立，其他人员在“人员”里办理。"
            )
        try:
            self.stdout.write(opening_code())
        except OSError as error:
            raise CommandError(f"写不了开通码文件（{error.strerror}）；请检查 VAR_DIR。") from error
